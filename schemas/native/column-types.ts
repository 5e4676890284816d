/**
 * ClickHouse column types with their Native serialisation: https://clickhouse.com/docs/interfaces/formats/Native
 * A type knows its name in DDL and makes a writer that gathers the values of one block.
 *
 * One class for each way of writing, however small: V8 keeps what it has learnt of a function with its source, so one
 * that wrote numbers of every width would be slow for all of them.
 */
import { ByteBuffer } from './byte-buffer.ts';

/** Gathers values of one column; `finish` appends their Native form to `out`. */
export interface ColumnWriter<T> {
  append(value: T): void;
  /** Bytes gathered so far, about. */
  size(): number;
  /** What Native puts before any data of the column (a LowCardinality's version), if anything. */
  prefix(out: ByteBuffer): void;
  finish(out: ByteBuffer): void;
  /** Forgets the values and keeps the memory. */
  reset(): void;
}

export interface ColumnType<T> {
  name: string;
  writer(): ColumnWriter<T>;
}

/** A type whose values take equally many bytes. */
export interface FixedType<T> extends ColumnType<T> {
  writer(): FixedWriter<T>;
}

const INITIAL_BYTES = 1_024;
const TWO_32 = 0x1_0000_0000;
const TWO_31 = 0x8000_0000;

/** Values of a fixed width, one after another. */
export abstract class FixedWriter<T> implements ColumnWriter<T> {
  readonly data = new ByteBuffer(INITIAL_BYTES);
  abstract readonly width: number;
  abstract append(value: T): void;
  size(): number {
    return this.data.length;
  }
  prefix(): void {}
  finish(out: ByteBuffer): void {
    out.raw(this.data.view());
  }
  reset(): void {
    this.data.length = 0;
  }
}

function outOfRange(value: unknown, type: string): never {
  throw new RangeError(`${String(value)} is no ${type}`);
}

class UInt8Writer extends FixedWriter<number> {
  readonly width = 1;
  append(value: number): void {
    if ((value & 0xff) !== value) outOfRange(value, 'UInt8');
    this.data.byte(value);
  }
}

class BoolWriter extends FixedWriter<boolean> {
  readonly width = 1;
  append(value: boolean): void {
    this.data.byte(value ? 1 : 0);
  }
}

class UInt16Writer extends FixedWriter<number> {
  readonly width = 2;
  append(value: number): void {
    if ((value & 0xffff) !== value) outOfRange(value, 'UInt16');
    const at = this.data.claim(2);
    this.data.numbers.setUint16(at, value, true);
  }
}

class UInt32Writer extends FixedWriter<number> {
  readonly width = 4;
  append(value: number): void {
    if (value >>> 0 !== value) outOfRange(value, 'UInt32');
    const at = this.data.claim(4);
    this.data.numbers.setUint32(at, value, true);
  }
}

class Float32Writer extends FixedWriter<number> {
  readonly width = 4;
  append(value: number): void {
    const at = this.data.claim(4);
    this.data.numbers.setFloat32(at, value, true);
  }
}

class Float64Writer extends FixedWriter<number> {
  readonly width = 8;
  append(value: number): void {
    const at = this.data.claim(8);
    this.data.numbers.setFloat64(at, value, true);
  }
}

/** Whole numbers beyond 2^53 are not exact; bigint where they can occur. */
function putInt64(data: ByteBuffer, value: number): void {
  const high = Math.floor(value / TWO_32);
  if (!(high >= -TWO_31 && high < TWO_31)) outOfRange(value, 'Int64');
  const at = data.claim(8);
  data.numbers.setUint32(at, value - high * TWO_32, true);
  data.numbers.setInt32(at + 4, high, true);
}

class Int64Writer extends FixedWriter<number> {
  readonly width = 8;
  append(value: number): void {
    putInt64(this.data, value);
  }
}

class UInt64HashWriter extends FixedWriter<bigint> {
  readonly width = 8;
  append(value: bigint): void {
    const at = this.data.claim(8);
    this.data.numbers.setBigUint64(at, value, true);
  }
}

const USD_SCALE = 1e12;

class UsdWriter extends FixedWriter<number> {
  readonly width = 8;
  append(value: number): void {
    putInt64(this.data, Math.round(value * USD_SCALE));
  }
}

class FixedStringWriter extends FixedWriter<Uint8Array> {
  readonly width: number;
  constructor(width: number) {
    super();
    this.width = width;
  }
  append(value: Uint8Array): void {
    const { data, width } = this;
    if (value.length !== width) outOfRange(`a text of ${value.length} bytes`, `FixedString(${width})`);
    const at = data.claim(width);
    const { bytes } = data;
    for (let i = 0; i < width; i++) bytes[at + i] = value[i]!;
  }
}

class EnumWriter extends FixedWriter<string> {
  readonly width = 1;
  readonly #numbers: ReadonlyMap<string, number>;
  #last: string | undefined = undefined;
  #lastNumber = 0;
  constructor(numbers: ReadonlyMap<string, number>) {
    super();
    this.#numbers = numbers;
  }
  append(value: string): void {
    if (value !== this.#last) this.#look(value);
    this.data.byte(this.#lastNumber);
  }
  #look(value: string): void {
    const number = this.#numbers.get(value);
    if (number === undefined) outOfRange(`'${value}'`, `name of ${[...this.#numbers.keys()].join(', ')}`);
    this.#last = value;
    this.#lastNumber = number;
  }
}

export const uint8: FixedType<number> = { name: 'UInt8', writer: () => new UInt8Writer() };
export const bool: FixedType<boolean> = { name: 'Bool', writer: () => new BoolWriter() };
export const uint16: FixedType<number> = { name: 'UInt16', writer: () => new UInt16Writer() };
export const uint32: FixedType<number> = { name: 'UInt32', writer: () => new UInt32Writer() };
export const float32: FixedType<number> = { name: 'Float32', writer: () => new Float32Writer() };
export const float64: FixedType<number> = { name: 'Float64', writer: () => new Float64Writer() };
/** A whole number of microseconds since 1970, exact to the year 2255. */
export const dateTime64Micro: FixedType<number> = {
  name: "DateTime64(6, 'UTC')",
  writer: () => new Int64Writer(),
};
/** A whole number up to 2^53. */
export const uint64: FixedType<number> = { name: 'UInt64', writer: () => new Int64Writer() };
export const uint64Hash: FixedType<bigint> = { name: 'UInt64', writer: () => new UInt64HashWriter() };
/** US dollars, rounded to 1e-12 (exact for every product of tokens and published rates below 4,000 dollars). */
export const decimalUsd: FixedType<number> = { name: 'Decimal(18, 12)', writer: () => new UsdWriter() };

export function fixedString(width: number): FixedType<Uint8Array> {
  return { name: `FixedString(${width})`, writer: () => new FixedStringWriter(width) };
}

/** One of the given names, numbered from 1 in their order: append to the list, never reorder it. */
export function enum8<const Name extends string>(names: readonly Name[]): FixedType<Name> {
  const numbers = new Map<string, number>(names.map((name, index) => [name, index + 1]));
  const declared = names.map((name, index) => `'${name}' = ${index + 1}`).join(', ');
  return { name: `Enum8(${declared})`, writer: () => new EnumWriter(numbers) };
}
