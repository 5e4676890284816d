/** Rows of concurrent requests become common blocks (group commit); each request waits until all its blocks are durable. */
import { createGroupCommit, type GroupCommit } from '../schemas/group-commit.ts';
import { type Sink, UnavailableError } from '../schemas/seams.ts';
import { type Batch, createOpenBlocks } from './open-blocks.ts';
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

interface Item {
  taken: TakenIn;
  rows: number;
  bytes: number;
  /** Where the rows are since the item was let in. */
  batch?: Batch;
}

export interface BlockWriter {
  /**
   * Takes the rows out of `taken`. Resolves when every one is durable. Rejects with UnavailableError, or with the sink's error.
   */
  write(taken: TakenIn, bytes: number): Promise<void>;
  /** Finishes what is under way and refuses more. */
  drain(): Promise<void>;
}

export function createBlockWriter(sink: Sink, options: GroupingOptions): BlockWriter {
  const open = createOpenBlocks(sink, options.block_max_bytes);
  const groups: GroupCommit<Item> = createGroupCommit<Item>({
    max_weight: { rows: GROUP_ROWS_MAX, bytes: GROUP_BYTES_MAX },
    max_wait_ms: options.max_wait_ms,
    min_interval_ms: options.min_interval_ms,
    max_in_flight: options.max_in_flight,
    max_pending_weight: { rows: Number.POSITIVE_INFINITY, bytes: options.max_pending_bytes },
    weigh: ({ rows, bytes }) => ({ rows, bytes }),
    letIn: (item) => {
      item.batch = open.append(item.taken, item.bytes);
    },
    // Of a group's items the last may share its batch with the next group's: their rows are then durable sooner.
    commit: async (items) => {
      await Promise.all(Array.from(new Set(items.map(({ batch }) => batch!)), (batch) => batch.send()));
    },
  });

  return {
    async write(taken, bytes) {
      const rows = taken.calls.length + taken.payloads.length + taken.scores.length;
      if (rows === 0) return;
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        reject(new UnavailableError(`Not stored within ${options.deadline_ms} ms; send it again.`));
      }, options.deadline_ms);
      try {
        await Promise.race([groups.add({ taken, rows, bytes }), late]);
      } finally {
        clearTimeout(timer);
      }
    },
    drain: () => groups.drain(),
  };
}
