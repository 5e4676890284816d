/**
 * Rows become columns as soon as they come, not when their group is committed: a row that waits is some fifty values
 * that the garbage collector copies again and again, in a column it is bytes that it never looks at.
 */
import { BlockBuilder } from '../schemas/native/block-builder.ts';
import { calls } from '../schemas/record/calls.ts';
import type { RecordTable, RowOf } from '../schemas/record/field.ts';
import { payloads } from '../schemas/record/payloads.ts';
import { scores } from '../schemas/record/scores.ts';
import type { CallBlock, Sink } from '../schemas/seams.ts';
import type { TakenIn } from './take-in.ts';

/** A row of a call is at most about 1.5 MiB, a payload's about twice that. */
const SIZE_CHECK_ROWS = { calls: 4, payloads: 1, scores: 4 };
/**
 * What rows may take in columns, by the bytes of their request: redaction may lengthen a text, numbers become text,
 * and some columns are there for every row. Where even so much fits, sizes need not be asked row by row.
 */
const COLUMN_BYTES_PER_BYTE = 3;
const COLUMN_BYTES_PER_ROW = 1_024;
/** A builder that has grown beyond it is given back. */
const KEPT_MAX_BYTES = 4 * 1024 * 1024;

/** The rows of some requests, on their way to be durable together. */
export interface Batch {
  /** Closes the batch if it is open, and resolves when all its rows are durable. Sends once, however often it is called. */
  send(): Promise<void>;
}

export interface OpenBlocks {
  /** Moves the rows from `taken` into the open batch and returns it. `bytes` is the size of the request. */
  append(taken: TakenIn, bytes: number): Batch;
}

/** One table's rows of the open batch. */
class OpenBlock<F> {
  readonly #table: RecordTable<F>;
  readonly #max_bytes: number;
  #builder: BlockBuilder<F>;
  #full: Promise<CallBlock>[] = [];

  constructor(table: RecordTable<F>, max_bytes: number) {
    this.#table = table;
    this.#max_bytes = max_bytes;
    this.#builder = new BlockBuilder(table);
  }

  /** Empties `rows`, which whoever waits for the answer still holds. */
  append(rows: RowOf<F>[], bytes: number): void {
    if (rows.length === 0) return;
    const most = this.#builder.size() + bytes * COLUMN_BYTES_PER_BYTE + rows.length * COLUMN_BYTES_PER_ROW;
    const check_rows = most < this.#max_bytes ? Number.POSITIVE_INFINITY : SIZE_CHECK_ROWS[this.#table.name];
    for (let i = 0; i < rows.length; i++) {
      this.#builder.append(rows[i]!);
      if (this.#builder.rows % check_rows === 0 && this.#builder.size() >= this.#max_bytes) this.#finish();
    }
    rows.length = 0;
  }

  /** The blocks gathered; the next are a new batch's. */
  take(): Promise<CallBlock>[] {
    if (this.#builder.rows > 0) this.#finish();
    const blocks = this.#full;
    this.#full = [];
    return blocks;
  }

  /** A row that failed half way leaves columns of unequal lengths. */
  discard(): void {
    this.#builder = new BlockBuilder(this.#table);
    this.#full = [];
  }

  #finish(): void {
    const size = this.#builder.size();
    const block = this.#builder.finish();
    // Whoever sends the batch sees the fault; until then nobody listens.
    block.catch(() => {});
    this.#full.push(block);
    if (size > KEPT_MAX_BYTES) this.#builder = new BlockBuilder(this.#table);
  }
}

export function createOpenBlocks(sink: Sink, block_max_bytes: number): OpenBlocks {
  const ofCalls = new OpenBlock(calls, block_max_bytes);
  const ofPayloads = new OpenBlock(payloads, block_max_bytes);
  const ofScores = new OpenBlock(scores, block_max_bytes);
  const all = [ofCalls, ofPayloads, ofScores];
  let open: Batch | undefined;

  function createBatch(): Batch {
    let sent: Promise<void> | undefined;
    const batch: Batch = {
      send() {
        sent ??= close();
        return sent;
      },
    };
    const close = async (): Promise<void> => {
      if (open !== batch) throw new Error('A row of this group could not be encoded.');
      open = undefined;
      const blocks = all.flatMap((block) => block.take());
      await Promise.all(blocks.map(async (block) => sink(await block)));
    };
    return batch;
  }

  return {
    append(taken, bytes) {
      open ??= createBatch();
      try {
        ofCalls.append(taken.calls, bytes);
        ofPayloads.append(taken.payloads, bytes);
        ofScores.append(taken.scores, bytes);
      } catch (error) {
        open = undefined;
        for (const block of all) block.discard();
        throw error;
      }
      return open;
    },
  };
}
