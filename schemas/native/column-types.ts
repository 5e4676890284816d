/**
 * ClickHouse column types with their Native serialisation: https://clickhouse.com/docs/interfaces/formats/Native
 * A type knows its name in DDL and makes a writer that gathers the values of one block.
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
}

export interface ColumnType<T> {
  name: string;
  writer(): ColumnWriter<T>;
}

const noPrefix = (): void => {};

/** Values of a fixed width, written one after another by `put`. */
function fixedWidth<T>(
  name: string,
  width: number,
  put: (bytes: Buffer, value: T, at: number) => void,
): ColumnType<T> {
  return {
    name,
    writer() {
      const data = new ByteBuffer(width * 256);
      return {
        append(value) {
          data.reserve(width);
          put(data.bytes, value, data.length);
          data.length += width;
        },
        size: () => data.length,
        prefix: noPrefix,
        finish: (out) => out.raw(data.view()),
      };
    },
  };
}

/** Whole numbers beyond 2^53 are not exact; bigint where they can occur. */
function putInt64(bytes: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  bytes.writeUInt32LE(value - high * 0x1_0000_0000, at);
  bytes.writeInt32LE(high, at + 4);
}

export const uint8 = fixedWidth<number>('UInt8', 1, (bytes, value, at) => {
  bytes[at] = value;
});
export const bool = fixedWidth<boolean>('Bool', 1, (bytes, value, at) => {
  bytes[at] = value ? 1 : 0;
});
export const uint16 = fixedWidth<number>('UInt16', 2, (bytes, value, at) => bytes.writeUInt16LE(value, at));
export const uint32 = fixedWidth<number>('UInt32', 4, (bytes, value, at) => bytes.writeUInt32LE(value, at));
export const float32 = fixedWidth<number>('Float32', 4, (bytes, value, at) => bytes.writeFloatLE(value, at));
export const float64 = fixedWidth<number>('Float64', 8, (bytes, value, at) => bytes.writeDoubleLE(value, at));
/** A whole number of microseconds since 1970, exact to the year 2255. */
export const dateTime64Micro = fixedWidth<number>("DateTime64(6, 'UTC')", 8, putInt64);
/** A whole number up to 2^53. */
export const uint64 = fixedWidth<number>('UInt64', 8, putInt64);
export const uint64Hash = fixedWidth<bigint>('UInt64', 8, (bytes, value, at) =>
  bytes.writeBigUInt64LE(value, at),
);
/** US dollars, rounded to 1e-12 (exact for every product of tokens and published rates below 4,000 dollars). */
export const decimalUsd = fixedWidth<number>('Decimal(18, 12)', 8, (bytes, value, at) =>
  putInt64(bytes, Math.round(value * 1e12), at),
);

export function fixedString(width: number): ColumnType<Uint8Array> {
  return fixedWidth<Uint8Array>(`FixedString(${width})`, width, (bytes, value, at) => {
    if (value.length !== width) throw new RangeError(`${value.length} bytes in a FixedString(${width})`);
    bytes.set(value, at);
  });
}

/** One of the given names, numbered from 1 in their order: append to the list, never reorder it. */
export function enum8<const Name extends string>(names: readonly Name[]): ColumnType<Name> {
  const numbers = new Map<string, number>(names.map((name, index) => [name, index + 1]));
  const declared = names.map((name, index) => `'${name}' = ${index + 1}`).join(', ');
  return fixedWidth<Name>(`Enum8(${declared})`, 1, (bytes, value, at) => {
    const number = numbers.get(value);
    if (number === undefined) throw new RangeError(`'${value}' is none of ${names.join(', ')}`);
    bytes[at] = number;
  });
}

export const string: ColumnType<string> = {
  name: 'String',
  writer() {
    const data = new ByteBuffer(4096);
    return {
      append: (value) => data.string(value),
      size: () => data.length,
      prefix: noPrefix,
      finish: (out) => out.raw(data.view()),
    };
  },
};

export function nullable<T>(inner: ColumnType<T>, placeholder: T): ColumnType<T | null> {
  return {
    name: `Nullable(${inner.name})`,
    writer() {
      const nulls = new ByteBuffer(256);
      const values = inner.writer();
      return {
        append(value) {
          nulls.byte(value === null ? 1 : 0);
          values.append(value === null ? placeholder : value);
        },
        size: () => nulls.length + values.size(),
        prefix: noPrefix,
        finish(out) {
          out.raw(nulls.view());
          values.finish(out);
        },
      };
    },
  };
}
