/** From Kafka into ClickHouse: takes blocks in, stores them, and only then lets the bus commit. */
import { setMaxListeners } from 'node:events';
import { blockOf, topicNames, topicSpecs } from '../schemas/block-headers.ts';
import {
  type BlockTable,
  type Consumption,
  type ReceivedMessage,
  UnavailableError,
} from '../schemas/seams.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createMetrics } from './metrics.ts';
import { unlessStopped } from './stopping.ts';
import { createTableWriter, type TableWriter } from './table-writer.ts';
import type { BlockMessage, IngestLimits, IngestOptions, IngestStatus } from './types.ts';
import { createVersionGate, explainTooNew } from './version-gate.ts';

export type { IngestLimits, IngestOptions, IngestStatus } from './types.ts';

const DEFAULT_LIMITS: IngestLimits = {
  max_rows: 250_000,
  max_bytes: 64 * 1024 * 1024,
  max_wait_ms: 100,
  min_interval_ms: 1_000,
  max_in_flight: 2,
  stop_timeout_ms: 15_000,
};
const READY_TIMEOUT_MS = 3_000;
/** What leaving the group may take once all batches have ended. */
const LEAVE_TIMEOUT_MS = 3_000;

export interface Ingest {
  /** Creates missing topics and begins to consume. Rejects with UnavailableError when no broker answers. */
  start(): Promise<void>;
  /** Stops consuming, finishes and commits what is under way, within `stop_timeout_ms` and 3 s. What is not finished comes again. */
  stop(): Promise<void>;
  /** Resolves when messages are being stored as they come; rejects with an Error that says why they are not. */
  ready(): Promise<void>;
  status(): IngestStatus;
  /** Rejects when consuming has ended for good: the process should end too. Never settles otherwise. */
  crashed: Promise<never>;
}

export function createIngest(options: IngestOptions): Ingest {
  const { bus, warehouse, log } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const topics = topicNames(options.topic);
  const consumed = [topics.calls, topics.payloads, topics.scores];
  const metrics = createMetrics({
    registry: options.registry,
    bus,
    group: options.group,
    topics: consumed,
  });
  const stopping = new AbortController();
  // One listener for each insert and dead letter under way.
  setMaxListeners(0, stopping.signal);
  const gate = createVersionGate(log);
  const stored: IngestStatus['stored'] = { messages: 0, rows: 0, bytes: 0 };
  const crashed = Promise.withResolvers<never>();
  crashed.promise.catch(() => {});
  let state: IngestStatus['state'] = 'starting';
  let consumption: Consumption | undefined;
  let dead_letters = 0;
  let last_stored_at_ms: number | null = null;

  const deadLetters = createDeadLetters({
    bus,
    topic: topics.dead,
    log,
    stopping: stopping.signal,
    onSent(reason) {
      dead_letters++;
      metrics.dead_letters.inc({ reason });
    },
  });
  const writer = (table: BlockTable): TableWriter =>
    createTableWriter({
      table,
      warehouse,
      limits,
      deadLetters,
      metrics,
      log,
      stopping: stopping.signal,
      onStored({ messages, rows, bytes }) {
        stored.messages += messages;
        stored.rows += rows;
        stored.bytes += bytes;
        last_stored_at_ms = Date.now();
      },
    });
  const writers: Record<BlockTable, TableWriter> = {
    calls: writer('calls'),
    payloads: writer('payloads'),
    scores: writer('scores'),
  };
  const all = Object.values(writers);

  /** The bus commits when this resolves: each message must then be stored or in the dead-letter topic. */
  const onBatch = async (messages: ReceivedMessage[]): Promise<void> => {
    const good: BlockMessage[] = [];
    const bad: { message: ReceivedMessage; error: unknown }[] = [];
    for (const message of messages) {
      try {
        good.push({ message, block: blockOf(message) });
      } catch (error) {
        bad.push({ message, error });
      }
    }
    gate.pass(good);
    const written = Promise.all(good.map((message) => writers[message.block.table].write(message)));
    written.catch(() => {});
    for (const { message, error } of bad) await deadLetters(message, 'headers', error);
    await written;
    metrics.committed();
  };

  const start = async (): Promise<void> => {
    const specs = topicSpecs(options.topic, { partitions: options.partitions ?? 6 });
    await unlessStopped(() => bus.ensureTopics(specs), stopping.signal);
    consumption = await bus.consume({ group: options.group, topics: consumed, onBatch });
    consumption.crashed.catch((error) => {
      if (state === 'consuming') state = 'crashed';
      crashed.reject(error);
    });
    state = 'consuming';
  };

  const stop = async (): Promise<void> => {
    if (state === 'stopped') return;
    state = 'stopping';
    const reason = new UnavailableError('Ingest is stopping; what is not stored yet comes again.');
    const deadline = setTimeout(() => stopping.abort(reason), limits.stop_timeout_ms);
    const leaving = consumption?.stop() ?? Promise.resolve();
    const left = within(limits.stop_timeout_ms + LEAVE_TIMEOUT_MS, 'Kafka', leaving).catch((error) =>
      log('warn', 'left without a farewell to the group', { error }),
    );
    await Promise.all(all.map((one) => one.flush()));
    await left;
    clearTimeout(deadline);
    stopping.abort(reason);
    state = 'stopped';
  };

  const ready = async (): Promise<void> => {
    if (state !== 'consuming') throw new Error(`Ingest is ${state}.`);
    const [tooNew] = gate.tooNew();
    if (tooNew) throw new Error(explainTooNew(tooNew));
    await Promise.all([
      within(READY_TIMEOUT_MS, 'Kafka', bus.ping()),
      within(READY_TIMEOUT_MS, 'ClickHouse', warehouse.ping()),
    ]);
  };

  return {
    start,
    stop,
    ready,
    status: () => ({
      state,
      stored: { ...stored },
      dead_letters,
      retrying: all.flatMap((one) => one.retrying()),
      too_new: gate.tooNew(),
      last_stored_at_ms,
    }),
    crashed: crashed.promise,
  };
}

async function within(timeout_ms: number, name: string, answer: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const error = new Error(`${name} has not answered for ${timeout_ms} ms.`);
  const timer = setTimeout(() => reject(error), timeout_ms);
  try {
    await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
