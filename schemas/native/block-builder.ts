/** Encodes rows of one table into a block: Native columns, then zstd. */
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { Field, RecordTable, RowOf } from '../record/field.ts';
import { RECORD_VERSION } from '../record/version.ts';
import type { CallBlock } from '../seams.ts';
import { type AppendRow, compileAppendRow } from './append-row.ts';
import { ByteBuffer } from './byte-buffer.ts';
import type { ColumnWriter } from './column-types.ts';

const compress = promisify(zstdCompress);
const ZSTD_LEVEL = 1;
const CHUNK_MIN_BYTES = 4_096;

interface Column {
  name: string;
  type: string;
}

/** Compiled once for each table, by its fields. */
const appenders = new WeakMap<object, AppendRow>();

function appenderOf(fields: object): AppendRow {
  let found = appenders.get(fields);
  if (found === undefined) {
    found = compileAppendRow(Object.keys(fields));
    appenders.set(fields, found);
  }
  return found;
}

export class BlockBuilder<F> {
  rows = 0;
  readonly #table: RecordTable<F>;
  readonly #columns: readonly Column[];
  readonly #writers: readonly ColumnWriter<never>[];
  readonly #appendRow: AppendRow;
  /** What the last block was encoded into. */
  #spare: ByteBuffer | undefined;
  #from_us = Number.POSITIVE_INFINITY;
  #to_us = Number.NEGATIVE_INFINITY;

  constructor(table: RecordTable<F>) {
    const fields = Object.entries(table.fields as Record<string, Field<never>>);
    this.#table = table;
    this.#columns = fields.map(([name, { type }]) => ({ name, type: type.name }));
    this.#writers = fields.map(([, { type }]) => type.writer());
    this.#appendRow = appenderOf(table.fields as object);
  }

  /** Adds a row. Throws RangeError for a value that its column cannot hold; the block is then unusable. */
  append(row: RowOf<F>): void {
    this.#appendRow(this.#writers, row as object);
    const time_us = row[this.#table.time] as number;
    if (time_us < this.#from_us) this.#from_us = time_us;
    if (time_us > this.#to_us) this.#to_us = time_us;
    this.rows++;
  }

  /** Bytes of the block before compression, about. */
  size(): number {
    let total = 0;
    for (const writer of this.#writers) total += writer.size();
    return total;
  }

  /** Writes the Native form of the rows gathered. */
  encode(out = new ByteBuffer(this.size() + 4_096)): Buffer {
    out.varint(this.#columns.length);
    out.varint(this.rows);
    this.#columns.forEach(({ name, type }, index) => {
      out.string(name);
      out.string(type);
      this.#writers[index]!.prefix(out);
      this.#writers[index]!.finish(out);
    });
    return out.view();
  }

  /** The finished block; compression runs off the event loop. The builder is empty at once and may be used again. */
  async finish(): Promise<CallBlock> {
    const out = this.#spare ?? new ByteBuffer(this.size() + 4_096);
    this.#spare = undefined;
    const encoded = this.encode(out);
    const block = {
      table: this.#table.name,
      rows: this.rows,
      record_version: RECORD_VERSION,
      from_ms: Math.floor(this.#from_us / 1000),
      to_ms: Math.ceil(this.#to_us / 1000),
    };
    this.#reset();
    const body = await compress(encoded, {
      // One chunk of output nearly always: each one more is a trip to another thread and back.
      chunkSize: Math.max(CHUNK_MIN_BYTES, encoded.length >> 1),
      // With a checksum the database refuses a damaged block: without, it stored 160 of 600 damaged ones as other values.
      params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
    });
    out.length = 0;
    this.#spare = out;
    return { ...block, body };
  }

  #reset(): void {
    for (const writer of this.#writers) writer.reset();
    this.rows = 0;
    this.#from_us = Number.POSITIVE_INFINITY;
    this.#to_us = Number.NEGATIVE_INFINITY;
  }
}
