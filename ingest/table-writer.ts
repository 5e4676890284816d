/** Writes the messages of one table: those that come together are one insert, and each is answered when it is stored. */

import { createGroupCommit } from '../schemas/group-commit.ts';
import type { Log } from '../schemas/log.ts';
import { RECORD_VERSION } from '../schemas/record/version.ts';
import type { BlockTable, CallBlock, Warehouse } from '../schemas/seams.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Health } from './decide.ts';
import { classify } from './failure.ts';
import type { Metrics } from './metrics.ts';
import { backOff, unlessStopped } from './stopping.ts';
import { storeGroup } from './store-group.ts';
import type { BlockMessage, IngestLimits, IngestStatus } from './types.ts';

const MAX_PROBE_BYTES = 1024 * 1024;

export interface TableWriterOptions {
  table: BlockTable;
  warehouse: Warehouse;
  limits: IngestLimits;
  deadLetters: DeadLetters;
  metrics: Metrics;
  log: Log;
  onStored(stored: { messages: number; rows: number; bytes: number }): void;
  stopping: AbortSignal;
}

export interface TableWriter {
  /** Resolves when the message is stored or dead-lettered; rejects when stopping only. */
  write(message: BlockMessage): Promise<void>;
  flush(): Promise<void>;
  retrying(): IngestStatus['retrying'];
}

export function createTableWriter(options: TableWriterOptions): TableWriter {
  const { table, warehouse, limits, metrics, stopping, log } = options;
  const retrying = new Set<IngestStatus['retrying'][number]>();
  let lastStored: CallBlock | undefined;

  const insert = (block: CallBlock) => unlessStopped(() => warehouse.insert(block), stopping);

  const insertMessages = async (messages: BlockMessage[]): Promise<void> => {
    const block = joined(table, messages);
    const end = metrics.insert_seconds.startTimer({ table });
    await insert(block);
    end();
    metrics.inserts.inc({ table });
    metrics.messages.inc({ table }, messages.length);
    metrics.rows.inc({ table }, block.rows);
    metrics.bytes.inc({ table }, block.body.length);
    options.onStored({ messages: messages.length, rows: block.rows, bytes: block.body.length });
    const good = messages.find(({ block: { body } }) => body.length <= MAX_PROBE_BYTES)?.block;
    // A copy: the body is a view into all that was fetched with it.
    if (good) lastStored = { ...good, body: Buffer.from(good.body) };
  };

  /** Storing the last block once more changes nothing, since a call has an identity, and shows what the database can do. */
  const probe = async (): Promise<Health> => {
    try {
      await insert(lastStored ?? emptyBlock(table));
      return lastStored ? 'stores' : 'answers';
    } catch {
      stopping.throwIfAborted();
      return 'down';
    }
  };

  const commit = async (messages: BlockMessage[]): Promise<void> => {
    const state = { table, messages: messages.length, failures: 0, since_ms: 0, error: '' };
    await storeGroup(messages, {
      insert: insertMessages,
      probe,
      deadLetter: ({ message }, error) =>
        options.deadLetters(message, classify(error) === 'unreadable' ? 'unreadable' : 'refused', error),
      backOff: (waits) => backOff(waits, stopping),
      onFailure(error, count) {
        metrics.retries.inc({ table });
        const failures = ++state.failures;
        state.since_ms ||= Date.now();
        state.error = error instanceof Error ? error.message : String(error);
        retrying.add(state);
        // Once, then at growing intervals: the wait grows with every failure.
        if ((failures & (failures - 1)) === 0) {
          log('warn', 'an insert failed and will be tried again', {
            table,
            messages: count,
            failures,
            error,
          });
        }
      },
      stopping,
    }).finally(() => retrying.delete(state));
    if (state.failures > 0) {
      const { failures, since_ms } = state;
      log('info', 'stored after failures', { table, failures, took_ms: Date.now() - since_ms });
    }
  };

  const commits = createGroupCommit<BlockMessage>({
    max_weight: { rows: limits.max_rows, bytes: limits.max_bytes },
    max_wait_ms: limits.max_wait_ms,
    min_interval_ms: limits.min_interval_ms,
    max_in_flight: limits.max_in_flight,
    weigh: ({ block }) => ({ rows: block.rows, bytes: block.body.length }),
    commit,
  });

  return { write: commits.add, flush: commits.flush, retrying: () => [...retrying] };
}

/** ClickHouse takes a body of no bytes for an insert of no rows: it shows that the table is there and may be written. */
function emptyBlock(table: BlockTable): CallBlock {
  return { table, rows: 0, record_version: RECORD_VERSION, from_ms: 0, to_ms: 0, body: Buffer.alloc(0) };
}

/** zstd frames one after another are one body, and so are the Native blocks in them. */
function joined(table: BlockTable, messages: BlockMessage[]): CallBlock {
  const blocks = messages.map(({ block }) => block);
  return {
    table,
    rows: blocks.reduce((sum, { rows }) => sum + rows, 0),
    record_version: RECORD_VERSION,
    from_ms: Math.min(...blocks.map(({ from_ms }) => from_ms)),
    to_ms: Math.max(...blocks.map(({ to_ms }) => to_ms)),
    body: Buffer.concat(blocks.map(({ body }) => body)),
  };
}
