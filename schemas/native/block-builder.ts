/** Encodes rows of one table into a block: Native columns, then zstd. */
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { Field, RecordTable, RowOf } from '../record/field.ts';
import { RECORD_VERSION } from '../record/version.ts';
import type { CallBlock } from '../seams.ts';
import { ByteBuffer } from './byte-buffer.ts';
import type { ColumnWriter } from './column-types.ts';

const compress = promisify(zstdCompress);
const ZSTD_LEVEL = 1;
const CHUNK_MIN_BYTES = 4_096;

interface Column {
  name: string;
  type: string;
  writer: ColumnWriter<unknown>;
}

export class BlockBuilder<F> {
  rows = 0;
  readonly #table: RecordTable<F>;
  readonly #columns: Column[];
  #from_us = Number.POSITIVE_INFINITY;
  #to_us = Number.NEGATIVE_INFINITY;

  constructor(table: RecordTable<F>) {
    this.#table = table;
    this.#columns = Object.entries(table.fields as Record<string, Field<unknown>>).map(
      ([name, { type }]) => ({
        name,
        type: type.name,
        writer: type.writer(),
      }),
    );
  }

  /** Adds a row. Throws RangeError for a value that its column cannot hold; the block is then unusable. */
  append(row: RowOf<F>): void {
    const values = row as Record<string, unknown>;
    for (const column of this.#columns) column.writer.append(values[column.name]);
    const time_us = values[this.#table.time] as number;
    if (time_us < this.#from_us) this.#from_us = time_us;
    if (time_us > this.#to_us) this.#to_us = time_us;
    this.rows++;
  }

  /** Bytes of the block before compression, about. */
  size(): number {
    let total = 0;
    for (const column of this.#columns) total += column.writer.size();
    return total;
  }

  /** The Native form of the rows gathered. */
  encode(): Buffer {
    const out = new ByteBuffer(this.size() + 4096);
    out.varint(this.#columns.length);
    out.varint(this.rows);
    for (const column of this.#columns) {
      out.string(column.name);
      out.string(column.type);
      column.writer.prefix(out);
      column.writer.finish(out);
    }
    return out.view();
  }

  /** The finished block; compression runs off the event loop. */
  async finish(): Promise<CallBlock> {
    const encoded = this.encode();
    const body = await compress(encoded, {
      // One chunk of output nearly always: each one more is a trip to another thread and back.
      chunkSize: Math.max(CHUNK_MIN_BYTES, encoded.length >> 1),
      // With a checksum the database refuses a damaged block: without, it stored 160 of 600 damaged ones as other values.
      params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
    });
    return {
      table: this.#table.name,
      rows: this.rows,
      record_version: RECORD_VERSION,
      from_ms: Math.floor(this.#from_us / 1000),
      to_ms: Math.ceil(this.#to_us / 1000),
      body,
    };
  }
}
