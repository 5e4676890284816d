/**
 * Group commit: items that arrive together are committed together, and each waits for its own group only.
 * Ingest joins messages into one insert with it, the collector concurrent requests into one block.
 */
import { UnavailableError } from './seams.ts';

export interface Weight {
  rows: number;
  bytes: number;
}

export interface GroupCommitOptions<Item> {
  /** A group starts as soon as this many items wait, and holds no more. */
  max_items?: number;
  /** A group starts as soon as either weight waits, and holds no more, unless one item alone is heavier. */
  max_weight: Weight;
  /** Else it starts this long after its first item was added. */
  max_wait_ms: number;
  /** Least time between the start of a group and that of the next, unless the next is full. */
  min_interval_ms?: number;
  /** Groups that may be under way at a time; 1 = the next waits for the last. */
  max_in_flight: number;
  /** Weight of everything waiting and under way; add() rejects beyond it. */
  max_pending_weight?: Weight;
  weigh(item: Item): Weight;
  /** Called with each item that is not refused, before anything else becomes of it; add() rejects with what it throws. */
  letIn?(item: Item): void;
  /** Makes a group durable. What it rejects with, the add() of each of its items rejects with. */
  commit(items: Item[]): Promise<void>;
}

export interface GroupCommit<Item> {
  /** Resolves when the item is committed. Rejects with the commit's error, or UnavailableError when full or drained. */
  add(item: Item): Promise<void>;
  /** Starts what waits now without further delay; resolves when all that was added before is settled. */
  flush(): Promise<void>;
  /** Refuses new items, then flushes. */
  drain(): Promise<void>;
  pending(): Weight & { items: number };
}

interface Entry<Item> {
  item: Item;
  weight: Weight;
  added_at_ms: number;
  number: number;
  settled: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

const UNLIMITED: Weight = { rows: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

export function createGroupCommit<Item>(options: GroupCommitOptions<Item>): GroupCommit<Item> {
  const max_items = options.max_items ?? Number.POSITIVE_INFINITY;
  const max_pending = options.max_pending_weight ?? UNLIMITED;
  const min_interval_ms = options.min_interval_ms ?? 0;
  const queue: Entry<Item>[] = [];
  const committing = new Set<Entry<Item>>();
  const waiting: Weight = { rows: 0, bytes: 0 };
  const pending: Weight = { rows: 0, bytes: 0 };
  let added = 0;
  let flush_to = 0;
  let in_flight = 0;
  let drained = false;
  let waking = false;
  let resting: NodeJS.Timeout | undefined;

  const remainingWait = (entry: Entry<Item>): number => {
    const waited_ms = Date.now() - entry.added_at_ms;
    // A clock that was set back must not make an item wait longer than asked for.
    return Math.min(options.max_wait_ms, options.max_wait_ms - waited_ms);
  };
  const full = (): boolean =>
    queue.length >= max_items ||
    waiting.rows >= options.max_weight.rows ||
    waiting.bytes >= options.max_weight.bytes;

  function take(): Entry<Item>[] {
    const total: Weight = { rows: 0, bytes: 0 };
    let count = 0;
    for (const { weight } of queue) {
      const rows = total.rows + weight.rows;
      const bytes = total.bytes + weight.bytes;
      const over = rows > options.max_weight.rows || bytes > options.max_weight.bytes;
      if (count > 0 && (over || count >= max_items)) break;
      total.rows = rows;
      total.bytes = bytes;
      count++;
    }
    waiting.rows -= total.rows;
    waiting.bytes -= total.bytes;
    return queue.splice(0, count);
  }

  function settle(entries: Entry<Item>[], outcome: (entry: Entry<Item>) => void): void {
    in_flight--;
    for (const entry of entries) {
      committing.delete(entry);
      pending.rows -= entry.weight.rows;
      pending.bytes -= entry.weight.bytes;
      outcome(entry);
    }
    pump();
  }

  async function start(entries: Entry<Item>[]): Promise<void> {
    in_flight++;
    for (const entry of entries) committing.add(entry);
    if (min_interval_ms > 0) {
      clearTimeout(resting);
      resting = setTimeout(() => {
        resting = undefined;
        pump();
      }, min_interval_ms);
      resting.unref();
    }
    try {
      await options.commit(entries.map(({ item }) => item));
    } catch (error) {
      return settle(entries, ({ reject }) => reject(error));
    }
    settle(entries, ({ resolve }) => resolve());
  }

  function wakeAfter(wait_ms: number): void {
    if (waking) return;
    waking = true;
    const timer = setTimeout(() => {
      waking = false;
      pump();
    }, wait_ms);
    timer.unref();
  }

  /** Starts every group that may start now, and sees to it that the next one will. */
  function pump(): void {
    for (let first = queue[0]; first && in_flight < options.max_in_flight; first = queue[0]) {
      if (first.number > flush_to && !full()) {
        if (resting) return;
        const wait_ms = remainingWait(first);
        if (wait_ms > 0) {
          wakeAfter(wait_ms);
          return;
        }
      }
      void start(take());
    }
  }

  const add = (item: Item): Promise<void> => {
    const weight = options.weigh(item);
    if (drained) return Promise.reject(new UnavailableError('Shutting down: nothing more is taken in.'));
    const over =
      pending.rows + weight.rows > max_pending.rows || pending.bytes + weight.bytes > max_pending.bytes;
    if (over && queue.length + committing.size > 0) {
      return Promise.reject(
        new UnavailableError(
          `Full: ${pending.rows} rows, ${pending.bytes} bytes wait to be stored. Try again soon.`,
        ),
      );
    }
    try {
      options.letIn?.(item);
    } catch (error) {
      return Promise.reject(error);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.push({ item, weight, added_at_ms: Date.now(), number: ++added, settled: promise, resolve, reject });
    waiting.rows += weight.rows;
    waiting.bytes += weight.bytes;
    pending.rows += weight.rows;
    pending.bytes += weight.bytes;
    pump();
    return promise;
  };

  const flush = async (): Promise<void> => {
    const entries = [...committing, ...queue];
    flush_to = added;
    pump();
    await Promise.allSettled(entries.map(({ settled }) => settled));
  };

  return {
    add,
    flush,
    drain: () => {
      drained = true;
      return flush();
    },
    pending: () => ({ ...pending, items: queue.length + committing.size }),
  };
}
