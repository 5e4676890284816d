/** LowCardinality(String): each distinct text is written once, rows hold its number. */
import { ByteBuffer } from './byte-buffer.ts';
import type { ColumnType, ColumnWriter } from './column-types.ts';

const SHARED_DICTIONARIES_WITH_ADDITIONAL_KEYS = 1;
const HAS_ADDITIONAL_KEYS = 1 << 9;
const NEEDS_UPDATE_OF_DICTIONARY = 1 << 10;

export class LowCardinalityWriter implements ColumnWriter<string> {
  readonly #numbers = new Map<string, number>();
  readonly #keys = new ByteBuffer(512);
  #rows = new Uint32Array(1_024);
  #count = 0;
  // Most columns repeat their last value, which spares the look-up.
  #last = '';
  #lastNumber = 0;

  constructor() {
    this.reset();
  }

  append(value: string): void {
    this.appendNumber(value === this.#last ? this.#lastNumber : this.numberOf(value));
  }

  /** Adds a row by the number that `numberOf` has given for its value since the last `reset`. */
  appendNumber(number: number): void {
    if (this.#count === this.#rows.length) this.#grow();
    this.#rows[this.#count++] = number;
  }

  size(): number {
    return this.#keys.length + this.#count;
  }

  prefix(out: ByteBuffer): void {
    out.uint64(SHARED_DICTIONARIES_WITH_ADDITIONAL_KEYS);
  }

  finish(out: ByteBuffer): void {
    // An empty column has no data at all, not even the header of its dictionary.
    if (this.#count === 0) return;
    const words = this.#numbers.size;
    const width = words <= 0x100 ? 0 : words <= 0x1_0000 ? 1 : 2;
    out.uint64(width | HAS_ADDITIONAL_KEYS | NEEDS_UPDATE_OF_DICTIONARY);
    out.uint64(words);
    out.raw(this.#keys.view());
    out.uint64(this.#count);
    const used = this.#rows.subarray(0, this.#count);
    if (width === 0) out.raw(Uint8Array.from(used));
    else if (width === 1) out.raw(new Uint8Array(Uint16Array.from(used).buffer));
    else out.raw(new Uint8Array(used.buffer, used.byteOffset, used.byteLength));
  }

  /** ClickHouse reads the first key as the default value. */
  reset(): void {
    this.#numbers.clear();
    this.#numbers.set('', 0);
    this.#keys.length = 0;
    this.#keys.byte(0);
    this.#count = 0;
    this.#last = '';
    this.#lastNumber = 0;
  }

  numberOf(value: string): number {
    let number = this.#numbers.get(value);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(value, number);
      this.#keys.string(value);
    }
    this.#last = value;
    this.#lastNumber = number;
    return number;
  }

  #grow(): void {
    const grown = new Uint32Array(this.#rows.length * 2);
    grown.set(this.#rows);
    this.#rows = grown;
  }
}

export const lowCardinality: ColumnType<string> = {
  name: 'LowCardinality(String)',
  writer: () => new LowCardinalityWriter(),
};
