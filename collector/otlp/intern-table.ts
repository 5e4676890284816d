/** Strings by their UTF-8 bytes, so that what repeats from span to span is decoded once. */

/** Longer strings rarely repeat and are decoded on the spot. */
const MAX_BYTES = 64;
const WAYS = 2;

/**
 * A fixed-size, two-way cache. A new string takes the second place of its set and moves to the first when it is
 * seen again, so values that never repeat cannot push out those that do. Equal hashes are told apart by bytes.
 */
export class InternTable {
  private readonly mask: number;
  private readonly hashes: Int32Array;
  private readonly lengths: Uint8Array;
  private readonly stored: Uint8Array;
  private readonly strings: string[];

  /** `sets` is a power of two; the table takes about 150 bytes a set besides its strings. */
  constructor(sets: number) {
    this.mask = sets - 1;
    this.hashes = new Int32Array(sets * WAYS);
    this.lengths = new Uint8Array(sets * WAYS);
    this.stored = new Uint8Array(sets * WAYS * MAX_BYTES);
    this.strings = new Array<string>(sets * WAYS).fill('');
  }

  /** The string of `bytes[start, end)`; invalid UTF-8 becomes U+FFFD. */
  text(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > MAX_BYTES) return bytes.toString('utf8', start, end);
    const hash = hashOf(bytes, start, end);
    const first = (hash & this.mask) * WAYS;
    if (this.holds(first, hash, bytes, start, length)) return this.strings[first]!;
    if (this.holds(first + 1, hash, bytes, start, length)) return this.promote(first);
    return this.add(first + 1, hash, bytes, start, end);
  }

  private holds(slot: number, hash: number, bytes: Buffer, start: number, length: number): boolean {
    if (this.hashes[slot] !== hash || this.lengths[slot] !== length) return false;
    const stored = this.stored;
    const base = slot * MAX_BYTES;
    for (let i = 0; i < length; i++) {
      if (stored[base + i] !== bytes[start + i]) return false;
    }
    return true;
  }

  private add(slot: number, hash: number, bytes: Buffer, start: number, end: number): string {
    const base = slot * MAX_BYTES;
    let any = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      any |= byte;
      this.stored[base + i - start] = byte;
    }
    const text = bytes.toString(any < 0x80 ? 'latin1' : 'utf8', start, end);
    this.hashes[slot] = hash;
    this.lengths[slot] = end - start;
    this.strings[slot] = text;
    return text;
  }

  private promote(first: number): string {
    const second = first + 1;
    const text = this.strings[second]!;
    const hash = this.hashes[first]!;
    const length = this.lengths[first]!;
    this.strings[second] = this.strings[first]!;
    this.strings[first] = text;
    this.hashes[first] = this.hashes[second]!;
    this.hashes[second] = hash;
    this.lengths[first] = this.lengths[second]!;
    this.lengths[second] = length;
    const base = first * MAX_BYTES;
    for (let i = 0; i < MAX_BYTES; i++) {
      const byte = this.stored[base + i]!;
      this.stored[base + i] = this.stored[base + MAX_BYTES + i]!;
      this.stored[base + MAX_BYTES + i] = byte;
    }
    return text;
  }
}

/** Four bytes a step: the multiplications depend on each other and would be the whole cost byte by byte. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
