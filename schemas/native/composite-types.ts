/** LowCardinality, Array and Map: the types whose Native form has parts of its own. */
import { ByteBuffer } from './byte-buffer.ts';
import { type ColumnType, type ColumnWriter, string } from './column-types.ts';

const SHARED_DICTIONARIES_WITH_ADDITIONAL_KEYS = 1;
const HAS_ADDITIONAL_KEYS = 1 << 9;
const NEEDS_UPDATE_OF_DICTIONARY = 1 << 10;

/** Strings that repeat: each distinct one is written once, rows hold its number. */
export const lowCardinality: ColumnType<string> = {
  name: 'LowCardinality(String)',
  writer() {
    // ClickHouse reads the first key as the default value.
    const numbers = new Map<string, number>([['', 0]]);
    const keys = new ByteBuffer(512);
    keys.string('');
    let rows = new Uint32Array(256);
    let count = 0;
    // Most columns repeat their last value, which spares the look-up.
    let last = '';
    let lastNumber = 0;
    const numberOf = (value: string): number => {
      let number = numbers.get(value);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(value, number);
        keys.string(value);
      }
      last = value;
      lastNumber = number;
      return number;
    };
    return {
      append(value) {
        const number = value === last ? lastNumber : numberOf(value);
        if (count === rows.length) {
          const grown = new Uint32Array(rows.length * 2);
          grown.set(rows);
          rows = grown;
        }
        rows[count++] = number;
      },
      size: () => keys.length + count,
      prefix: (out) => out.uint64(SHARED_DICTIONARIES_WITH_ADDITIONAL_KEYS),
      finish(out) {
        // An empty column has no data at all, not even the header of its dictionary.
        if (count === 0) return;
        const width = numbers.size <= 0x100 ? 0 : numbers.size <= 0x1_0000 ? 1 : 2;
        out.uint64(width | HAS_ADDITIONAL_KEYS | NEEDS_UPDATE_OF_DICTIONARY);
        out.uint64(numbers.size);
        out.raw(keys.view());
        out.uint64(count);
        const used = rows.subarray(0, count);
        if (width === 0) out.raw(Uint8Array.from(used));
        else if (width === 1) out.raw(new Uint8Array(Uint16Array.from(used).buffer));
        else out.raw(new Uint8Array(used.buffer, used.byteOffset, count * 4));
      },
    };
  },
};

/** Gathers where each row's elements end. */
function offsetsWriter(): { endRow(elements: number): void; size(): number; finish(out: ByteBuffer): void } {
  const offsets = new ByteBuffer(2048);
  let end = 0;
  return {
    endRow(elements) {
      end += elements;
      offsets.uint64(end);
    },
    size: () => offsets.length,
    finish: (out) => out.raw(offsets.view()),
  };
}

export function array<T>(inner: ColumnType<T>): ColumnType<readonly T[]> {
  return {
    name: `Array(${inner.name})`,
    writer() {
      const offsets = offsetsWriter();
      const elements = inner.writer();
      return {
        append(values) {
          for (const value of values) elements.append(value);
          offsets.endRow(values.length);
        },
        size: () => offsets.size() + elements.size(),
        prefix: (out) => elements.prefix(out),
        finish(out) {
          offsets.finish(out);
          elements.finish(out);
        },
      };
    },
  };
}

/** Keys and values in turn: [key, value, key, value, ...]; a flat list spares an object per row. */
export type FlatMap = readonly string[];

export const stringMap: ColumnType<FlatMap> = {
  name: 'Map(LowCardinality(String), String)',
  writer(): ColumnWriter<FlatMap> {
    const offsets = offsetsWriter();
    const keys = lowCardinality.writer();
    const values = string.writer();
    return {
      append(entries) {
        for (let i = 0; i < entries.length; i += 2) {
          keys.append(entries[i]!);
          values.append(entries[i + 1]!);
        }
        offsets.endRow(entries.length >> 1);
      },
      size: () => offsets.size() + keys.size() + values.size(),
      prefix: (out) => keys.prefix(out),
      finish(out) {
        offsets.finish(out);
        keys.finish(out);
        values.finish(out);
      },
    };
  },
};
