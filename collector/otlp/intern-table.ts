/** Strings by their UTF-8 bytes, so that what repeats from span to span is decoded once. */

/** Longer strings rarely repeat and are not for the table. */
export const INTERNED_MAX_BYTES = 64;
/** No slot: the string is not in the table. */
export const NOT_KEPT = -1;
const WAYS = 2;
const WORD = 4;
/** The highest bit of each of four bytes: set where the text is not ASCII. */
const NOT_ASCII = 0x8080_8080;

/** Bytes, and the same bytes by words: a DataView reads four in one step, wherever they lie. */
export interface Words {
  readonly bytes: Buffer;
  readonly words: DataView;
}

export function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Words {
  return {
    bytes: Buffer.from(buffer, byteOffset, byteLength),
    words: new DataView(buffer, byteOffset, byteLength),
  };
}

/**
 * A fixed-size, two-way cache. Of a string that is seen for the first time only the hash is noted: most such are ids
 * that never come again, and to keep them would cost more than all the others spare. Seen again it takes the second
 * place of its set, and the first the time after, so that what comes often is not pushed out. Equal hashes are told apart by bytes,
 * which are kept and compared by words. The last word of a string overlaps the one before, unless it is the only one.
 */
export class InternTable {
  private readonly mask: number;
  private readonly seenMask: number;
  private readonly seen: Int32Array;
  private readonly hashes: Int32Array;
  private readonly lengths: Uint8Array;
  private readonly kept: Words;
  private readonly strings: string[];

  /** `sets` is a power of two; the table takes about 150 bytes a set besides its strings. */
  constructor(sets: number) {
    const slots = sets * WAYS;
    this.mask = sets - 1;
    this.seenMask = slots - 1;
    this.seen = new Int32Array(slots);
    this.hashes = new Int32Array(slots);
    this.lengths = new Uint8Array(slots);
    this.kept = wordsOf(new Uint8Array(slots * INTERNED_MAX_BYTES));
    this.strings = new Array<string>(slots).fill('');
  }

  get slots(): number {
    return this.strings.length;
  }

  /** The string in a slot. */
  at(slot: number): string {
    return this.strings[slot]!;
  }

  /**
   * The slot that holds the string of `bytes[start, end)`, which takes at most INTERNED_MAX_BYTES, or NOT_KEPT.
   * `guess` is the slot to look in first: where it is right, nothing is hashed.
   */
  slotOf(source: Words, start: number, end: number, guess: number): number {
    const length = end - start;
    if (this.holds(guess, source, start, length)) return guess;
    const hash = length < WORD ? shortHash(source.bytes, start, end) : wordHash(source.words, start, end);
    const first = (hash & this.mask) * WAYS;
    if (this.hashes[first] === hash && this.holds(first, source, start, length)) return first;
    const second = first + 1;
    if (this.hashes[second] === hash && this.holds(second, source, start, length)) {
      const text = this.strings[second]!;
      this.move(first, second);
      this.store(first, hash, source, start, length, text);
      return first;
    }
    if (this.seen[hash & this.seenMask] !== hash) {
      this.seen[hash & this.seenMask] = hash;
      return NOT_KEPT;
    }
    const text = decoded(source, start, end);
    this.store(second, hash, source, start, length, text);
    return second;
  }

  private holds(slot: number, { bytes, words }: Words, start: number, length: number): boolean {
    if (this.lengths[slot] !== length) return false;
    const kept = slot * INTERNED_MAX_BYTES;
    if (length < WORD) {
      for (let i = 0; i < length; i++) if (this.kept.bytes[kept + i] !== bytes[start + i]) return false;
      return true;
    }
    const last = length - WORD;
    const own = this.kept.words;
    // The end of a string differs more often than its beginning.
    if (own.getInt32(kept + last, true) !== words.getInt32(start + last, true)) return false;
    for (let i = 0; i < last; i += WORD) {
      if (own.getInt32(kept + i, true) !== words.getInt32(start + i, true)) return false;
    }
    return true;
  }

  private store(
    slot: number,
    hash: number,
    { bytes, words }: Words,
    start: number,
    length: number,
    text: string,
  ): void {
    this.hashes[slot] = hash;
    this.lengths[slot] = length;
    this.strings[slot] = text;
    const kept = slot * INTERNED_MAX_BYTES;
    if (length < WORD) {
      for (let i = 0; i < length; i++) this.kept.bytes[kept + i] = bytes[start + i]!;
      return;
    }
    const last = length - WORD;
    const own = this.kept.words;
    for (let i = 0; i < last; i += WORD) own.setInt32(kept + i, words.getInt32(start + i, true), true);
    own.setInt32(kept + last, words.getInt32(start + last, true), true);
  }

  private move(from: number, to: number): void {
    this.hashes[to] = this.hashes[from]!;
    this.lengths[to] = this.lengths[from]!;
    this.strings[to] = this.strings[from]!;
    const kept = from * INTERNED_MAX_BYTES;
    this.kept.bytes.copyWithin(to * INTERNED_MAX_BYTES, kept, kept + INTERNED_MAX_BYTES);
  }
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e37_79b1);
  return product ^ (product >>> 15);
}

function shortHash(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = mixed(hash, bytes[i]!);
  return hash;
}

function wordHash(words: DataView, start: number, end: number): number {
  const last = end - WORD;
  let hash = end - start;
  for (let i = start; i < last; i += WORD) hash = mixed(hash, words.getInt32(i, true));
  return mixed(hash, words.getInt32(last, true));
}

/** What is not UTF-8 becomes U+FFFD. */
export function decoded(source: Words, start: number, end: number): string {
  return source.bytes.toString(isAscii(source, start, end) ? 'latin1' : 'utf8', start, end);
}

function isAscii({ bytes, words }: Words, start: number, end: number): boolean {
  const last = end - WORD;
  let any = 0;
  if (last < start) {
    for (let i = start; i < end; i++) any |= bytes[i]!;
    return any < 0x80;
  }
  for (let i = start; i < last; i += WORD) any |= words.getInt32(i, true);
  return ((any | words.getInt32(last, true)) & NOT_ASCII) === 0;
}
