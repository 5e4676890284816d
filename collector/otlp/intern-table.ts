/** Strings by their UTF-8 bytes, so that what repeats from span to span is decoded once. */

/** Longer strings rarely repeat and are decoded on the spot. */
const MAX_BYTES = 64;
const WORDS = MAX_BYTES / 4;
const WAYS = 2;
/** The highest bit of each of four bytes: set where the text is not ASCII. */
const NOT_ASCII = 0x8080_8080;

/**
 * A fixed-size, two-way cache. A new string takes the second place of its set and moves to the first when it is
 * seen again, so values that never repeat cannot push out those that do. Equal hashes are told apart by bytes,
 * which are kept and compared four at a time.
 */
export class InternTable {
  private readonly mask: number;
  private readonly hashes: Int32Array;
  private readonly lengths: Uint8Array;
  private readonly words: Int32Array;
  private readonly strings: string[];
  /** The bytes of the string being looked up, the last word filled up with zeros. */
  private readonly sought = new Int32Array(WORDS);

  /** `sets` is a power of two; the table takes about 150 bytes a set besides its strings. */
  constructor(sets: number) {
    this.mask = sets - 1;
    this.hashes = new Int32Array(sets * WAYS);
    this.lengths = new Uint8Array(sets * WAYS);
    this.words = new Int32Array(sets * WAYS * WORDS);
    this.strings = new Array<string>(sets * WAYS).fill('');
  }

  /** The string of `bytes[start, end)`; invalid UTF-8 becomes U+FFFD. */
  text(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > MAX_BYTES) return bytes.toString('utf8', start, end);
    const hash = this.seek(bytes, start, end);
    const first = (hash & this.mask) * WAYS;
    if (this.holds(first, hash, length)) return this.strings[first]!;
    const second = first + 1;
    if (this.holds(second, hash, length)) {
      const text = this.strings[second]!;
      this.move(first, second);
      this.store(first, hash, length, text);
      return text;
    }
    const text = bytes.toString(this.isAscii(length) ? 'latin1' : 'utf8', start, end);
    this.store(second, hash, length, text);
    return text;
  }

  /** Fills `sought` and returns its hash. */
  private seek(bytes: Buffer, start: number, end: number): number {
    const sought = this.sought;
    let hash = end - start;
    let word = 0;
    let i = start;
    for (; i + 4 <= end; i += 4) {
      const four = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      sought[word++] = four;
      hash = Math.imul(hash ^ four, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    if (i < end) {
      let rest = bytes[i]!;
      if (i + 1 < end) rest |= bytes[i + 1]! << 8;
      if (i + 2 < end) rest |= bytes[i + 2]! << 16;
      sought[word] = rest;
      hash = Math.imul(hash ^ rest, 0x85ebca6b);
    }
    return hash ^ (hash >>> 13);
  }

  private holds(slot: number, hash: number, length: number): boolean {
    if (this.hashes[slot] !== hash || this.lengths[slot] !== length) return false;
    const { words, sought } = this;
    const base = slot * WORDS;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) {
      if (words[base + i] !== sought[i]) return false;
    }
    return true;
  }

  private store(slot: number, hash: number, length: number, text: string): void {
    this.hashes[slot] = hash;
    this.lengths[slot] = length;
    this.strings[slot] = text;
    const base = slot * WORDS;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) this.words[base + i] = this.sought[i]!;
  }

  private move(from: number, to: number): void {
    this.hashes[to] = this.hashes[from]!;
    this.lengths[to] = this.lengths[from]!;
    this.strings[to] = this.strings[from]!;
    this.words.copyWithin(to * WORDS, from * WORDS, (from + 1) * WORDS);
  }

  private isAscii(length: number): boolean {
    let any = 0;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) any |= this.sought[i]!;
    return (any & NOT_ASCII) === 0;
  }
}
