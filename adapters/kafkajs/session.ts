import type { Consumer } from 'kafkajs';
import type { ConsumeOptions } from '../../schemas/seams.ts';
import { createBatchHandler } from './batches.ts';
import { type Client, type ClientOptions, createClient } from './client.ts';

const WATCH_MS = 5000;
/** kafkajs can stop fetching without a word; an idle consumer asks every `fetch_max_wait_ms`. */
const SILENT_MS = 60_000;

export interface SessionLimits {
  session_timeout_ms: number;
  rebalance_timeout_ms: number;
  /** Batches (of different partitions) that may be with the handler at one time. */
  concurrent_batches: number;
  fetch_min_bytes: number;
  fetch_max_bytes: number;
  fetch_max_bytes_per_partition: number;
  fetch_max_wait_ms: number;
  /** Longest pause before a rejected batch comes again. */
  retry_max_ms: number;
}

export interface Session {
  /** Resolves with the reason when the session can no longer go on. */
  ended: Promise<Error>;
  /** Finishes and commits the batches under way, leaves the group, disconnects. */
  close(): Promise<void>;
  /** Cuts the connections; whatever is under way stays uncommitted. */
  abandon(): void;
}

/** One kafkajs consumer from its first connection to its end. */
export function openSession(client: ClientOptions, limits: SessionLimits, options: ConsumeOptions): Session {
  const connection = createClient(client, { request_timeout_ms: 10_000 });
  const consumer = createConsumer(connection, limits, options.group);
  const ended = Promise.withResolvers<Error>();
  const heartbeat_ms = Math.min(3000, limits.session_timeout_ms / 4);
  const handler = createBatchHandler({
    onBatch: options.onBatch,
    heartbeat_ms: heartbeat_ms / 2,
    retry_max_ms: limits.retry_max_ms,
    log: client.log,
  });

  let fetched_at_ms = Date.now();
  consumer.on('consumer.crash', ({ payload }) => ended.resolve(payload.error));
  consumer.on('consumer.group_join', ({ payload }) => {
    handler.joined();
    const { groupId: group, memberAssignment: assignment } = payload;
    client.log('info', 'consumer joined its group', { group, assignment });
  });
  consumer.on('consumer.fetch_start', () => {
    fetched_at_ms = Date.now();
  });
  const watch = setInterval(() => {
    if (handler.busy()) fetched_at_ms = Date.now();
    if (Date.now() - fetched_at_ms > SILENT_MS) ended.resolve(new Error('the consumer stopped fetching'));
  }, WATCH_MS);

  const begin = async () => {
    await consumer.connect();
    await consumer.subscribe({ topics: options.topics, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: limits.concurrent_batches,
      eachBatch: handler.eachBatch,
    });
  };
  const begun = begin().catch(ended.resolve);

  return {
    ended: ended.promise,
    async close() {
      clearInterval(watch);
      handler.close();
      // kafkajs forgets a stop that comes while it is still joining.
      await begun;
      await consumer.disconnect().catch(() => {});
      connection.sockets.close();
    },
    abandon: () => connection.sockets.close(),
  };
}

function createConsumer({ kafka }: Client, limits: SessionLimits, group: string): Consumer {
  return kafka.consumer({
    groupId: group,
    allowAutoTopicCreation: false,
    metadataMaxAge: 30_000,
    sessionTimeout: limits.session_timeout_ms,
    rebalanceTimeout: limits.rebalance_timeout_ms,
    heartbeatInterval: Math.min(3000, limits.session_timeout_ms / 4),
    minBytes: limits.fetch_min_bytes,
    maxBytes: limits.fetch_max_bytes,
    maxBytesPerPartition: limits.fetch_max_bytes_per_partition,
    maxWaitTimeInMs: limits.fetch_max_wait_ms,
    // A crashed consumer is replaced by a new one, whose buffers and caches are empty.
    retry: {
      retries: 5,
      initialRetryTime: 100,
      maxRetryTime: 1000,
      restartOnFailure: async () => false,
    },
  });
}
