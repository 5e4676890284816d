/** String, Nullable, Array and Map: the types whose Native form has parts or lengths of its own. */
import { ByteBuffer } from './byte-buffer.ts';
import type { ColumnType, ColumnWriter, FixedType, FixedWriter } from './column-types.ts';
import { LowCardinalityWriter, lowCardinality } from './low-cardinality.ts';

const INITIAL_BYTES = 4_096;

class StringWriter implements ColumnWriter<string> {
  readonly #data = new ByteBuffer(INITIAL_BYTES);
  append(value: string): void {
    if (value === '') this.#data.byte(0);
    else this.#data.string(value);
  }
  size(): number {
    return this.#data.length;
  }
  prefix(): void {}
  finish(out: ByteBuffer): void {
    out.raw(this.#data.view());
  }
  reset(): void {
    this.#data.length = 0;
  }
}

export const string: ColumnType<string> = { name: 'String', writer: () => new StringWriter() };

/** Rows of nulls are only counted until a value comes: many columns of a block have none. */
class NullableWriter<T> implements ColumnWriter<T | null> {
  readonly #nulls = new ByteBuffer(256);
  readonly #values: FixedWriter<T>;
  #pending = 0;

  constructor(values: FixedWriter<T>) {
    this.#values = values;
  }
  append(value: T | null): void {
    if (value === null) {
      this.#pending++;
      return;
    }
    if (this.#pending > 0) this.#writeNulls();
    this.#nulls.byte(0);
    this.#values.append(value);
  }
  size(): number {
    return this.#nulls.length + this.#values.size() + this.#pending * (1 + this.#values.width);
  }
  prefix(): void {}
  finish(out: ByteBuffer): void {
    this.#writeNulls();
    out.raw(this.#nulls.view());
    this.#values.finish(out);
  }
  reset(): void {
    this.#pending = 0;
    this.#nulls.length = 0;
    this.#values.reset();
  }
  #writeNulls(): void {
    const count = this.#pending;
    this.#nulls.fill(1, count);
    this.#values.data.fill(0, count * this.#values.width);
    this.#pending = 0;
  }
}

export function nullable<T>(inner: FixedType<T>): ColumnType<T | null> {
  return { name: `Nullable(${inner.name})`, writer: () => new NullableWriter(inner.writer()) };
}

/** Where each row's elements end. */
class Offsets {
  readonly #data = new ByteBuffer(INITIAL_BYTES);
  #end = 0;
  endRow(elements: number): void {
    this.#end += elements;
    this.#data.uint64(this.#end);
  }
  size(): number {
    return this.#data.length;
  }
  finish(out: ByteBuffer): void {
    out.raw(this.#data.view());
  }
  reset(): void {
    this.#end = 0;
    this.#data.length = 0;
  }
}

class ArrayWriter<T> implements ColumnWriter<readonly T[]> {
  readonly #offsets = new Offsets();
  readonly #elements: ColumnWriter<T>;
  constructor(elements: ColumnWriter<T>) {
    this.#elements = elements;
  }
  append(values: readonly T[]): void {
    for (let i = 0; i < values.length; i++) this.#elements.append(values[i]!);
    this.#offsets.endRow(values.length);
  }
  size(): number {
    return this.#offsets.size() + this.#elements.size();
  }
  prefix(out: ByteBuffer): void {
    this.#elements.prefix(out);
  }
  finish(out: ByteBuffer): void {
    this.#offsets.finish(out);
    this.#elements.finish(out);
  }
  reset(): void {
    this.#offsets.reset();
    this.#elements.reset();
  }
}

export function array<T>(inner: ColumnType<T>): ColumnType<readonly T[]> {
  return { name: `Array(${inner.name})`, writer: () => new ArrayWriter(inner.writer()) };
}

/** Keys and values in turn: [key, value, key, value, ...]; a flat list spares an object per row. */
export type FlatMap = readonly string[];

class StringMapWriter implements ColumnWriter<FlatMap> {
  readonly #offsets = new Offsets();
  readonly #keys = new LowCardinalityWriter();
  readonly #values = new StringWriter();
  /** Keys by their place in a row, and their numbers: most rows have the keys of the row before. */
  #lastKeys: string[] = [];
  #lastNumbers: number[] = [];
  append(entries: FlatMap): void {
    for (let i = 0; i < entries.length; i += 2) {
      const key = entries[i]!;
      const place = i >> 1;
      if (this.#lastKeys[place] !== key) {
        this.#lastKeys[place] = key;
        this.#lastNumbers[place] = this.#keys.numberOf(key);
      }
      this.#keys.appendNumber(this.#lastNumbers[place]!);
      this.#values.append(entries[i + 1]!);
    }
    this.#offsets.endRow(entries.length >> 1);
  }
  size(): number {
    return this.#offsets.size() + this.#keys.size() + this.#values.size();
  }
  prefix(out: ByteBuffer): void {
    this.#keys.prefix(out);
  }
  finish(out: ByteBuffer): void {
    this.#offsets.finish(out);
    this.#keys.finish(out);
    this.#values.finish(out);
  }
  reset(): void {
    this.#offsets.reset();
    this.#keys.reset();
    this.#values.reset();
    this.#lastKeys = [];
    this.#lastNumbers = [];
  }
}

export const stringMap: ColumnType<FlatMap> = {
  name: `Map(${lowCardinality.name}, ${string.name})`,
  writer: () => new StringMapWriter(),
};
