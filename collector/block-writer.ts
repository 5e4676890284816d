/** Rows of concurrent requests become common blocks (group commit); each request waits until all its blocks are durable. */
import { createGroupCommit, type GroupCommit } from '../schemas/group-commit.ts';
import { BlockBuilder } from '../schemas/native/block-builder.ts';
import { calls } from '../schemas/record/calls.ts';
import type { RecordTable, RowOf } from '../schemas/record/field.ts';
import { payloads } from '../schemas/record/payloads.ts';
import { scores } from '../schemas/record/scores.ts';
import { type Sink, UnavailableError } from '../schemas/seams.ts';
import type { TakenIn } from './take-in.ts';

/** How requests are gathered; the two sizes differ only here. */
export interface GroupingOptions {
  /** How long the first row of a group waits for others. */
  max_wait_ms: number;
  /** Least time between the starts of two groups. */
  min_interval_ms: number;
  /** Groups under way at once. */
  max_in_flight: number;
  /** Beyond this many bytes of requests waiting, further ones are refused with 503. */
  max_pending_bytes: number;
  /** A request that is not durable by then is answered with 503; it may become durable all the same. */
  deadline_ms: number;
  /** A block is closed once its columns hold as much, before compression. */
  block_max_bytes: number;
}

/** Towards Kafka: small waits, several groups under way. */
export const KAFKA_GROUPING: GroupingOptions = {
  max_wait_ms: 20,
  min_interval_ms: 0,
  max_in_flight: 4,
  max_pending_bytes: 64 * 1024 * 1024,
  deadline_ms: 1_500,
  // With the heaviest rows that may still join, below the topics' limit for a message even if nothing compresses.
  block_max_bytes: 3 * 1024 * 1024,
};

/** Into the embedded engine: one insert at a time, each as large as a quarter of a second makes it. */
export const EMBEDDED_GROUPING: GroupingOptions = {
  max_wait_ms: 0,
  min_interval_ms: 250,
  max_in_flight: 1,
  max_pending_bytes: 128 * 1024 * 1024,
  deadline_ms: 8_000,
  block_max_bytes: 64 * 1024 * 1024,
};

const GROUP_ROWS_MAX = 250_000;
const GROUP_BYTES_MAX = 64 * 1024 * 1024;
/** Asking a builder for its size costs a fraction of a microsecond; a row of a call is at most about 1.5 MiB. */
const SIZE_CHECK_ROWS = { calls: 4, payloads: 1, scores: 4 };

interface Item {
  taken: TakenIn;
  bytes: number;
}

export interface BlockWriter {
  /** Resolves when every row is durable. Rejects with UnavailableError, or with the sink's error. */
  write(taken: TakenIn, bytes: number): Promise<void>;
  /** Finishes what is under way and refuses more. */
  drain(): Promise<void>;
}

async function writeRows<F>(
  table: RecordTable<F>,
  rows: Iterable<RowOf<F>>,
  sink: Sink,
  max_bytes: number,
): Promise<void> {
  const writes: Promise<void>[] = [];
  const send = async (full: BlockBuilder<F>): Promise<void> => sink(await full.finish());
  let builder = new BlockBuilder(table);
  for (const row of rows) {
    builder.append(row);
    if (builder.rows % SIZE_CHECK_ROWS[table.name] === 0 && builder.size() >= max_bytes) {
      writes.push(send(builder));
      builder = new BlockBuilder(table);
    }
  }
  if (builder.rows > 0) writes.push(send(builder));
  await Promise.all(writes);
}

function* each<T>(items: readonly Item[], rowsOf: (taken: TakenIn) => readonly T[]): Generator<T> {
  for (const { taken } of items) yield* rowsOf(taken);
}

export function createBlockWriter(sink: Sink, options: GroupingOptions): BlockWriter {
  const groups: GroupCommit<Item> = createGroupCommit<Item>({
    max_weight: { rows: GROUP_ROWS_MAX, bytes: GROUP_BYTES_MAX },
    max_wait_ms: options.max_wait_ms,
    min_interval_ms: options.min_interval_ms,
    max_in_flight: options.max_in_flight,
    max_pending_weight: { rows: Number.POSITIVE_INFINITY, bytes: options.max_pending_bytes },
    weigh: ({ taken, bytes }) => ({
      rows: taken.calls.length + taken.payloads.length + taken.scores.length,
      bytes,
    }),
    commit: async (items) => {
      await Promise.all([
        writeRows(
          calls,
          each(items, (taken) => taken.calls),
          sink,
          options.block_max_bytes,
        ),
        writeRows(
          payloads,
          each(items, (taken) => taken.payloads),
          sink,
          options.block_max_bytes,
        ),
        writeRows(
          scores,
          each(items, (taken) => taken.scores),
          sink,
          options.block_max_bytes,
        ),
      ]);
    },
  });

  return {
    async write(taken, bytes) {
      if (taken.calls.length + taken.payloads.length + taken.scores.length === 0) return;
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        reject(new UnavailableError(`Not stored within ${options.deadline_ms} ms; send it again.`));
      }, options.deadline_ms);
      try {
        await Promise.race([groups.add({ taken, bytes }), late]);
      } finally {
        clearTimeout(timer);
      }
    },
    drain: () => groups.drain(),
  };
}
