import type { Bus, Consumption } from '../schemas/seams.ts';
import { countPartitions, createAdminLink, lag, ping } from './kafkajs/admin.ts';
import type { ClientOptions } from './kafkajs/client.ts';
import { startConsumer } from './kafkajs/consumer.ts';
import { createPublisher } from './kafkajs/publisher.ts';
import { ensureTopics } from './kafkajs/topics.ts';

export interface KafkajsBusOptions extends ClientOptions {
  /** After this long an unacknowledged publish rejects (default 1500). */
  publish_timeout_ms?: number | undefined;
  /** Message bytes that may wait for Kafka at one time; more are refused (default 64 MiB). */
  max_pending_bytes?: number | undefined;
  /** Copies of a new topic's messages (default 3, or as many as there are brokers). */
  replication_factor?: number | undefined;
  /** How long ensureTopics waits for a broker (default 60 s). */
  topics_timeout_ms?: number | undefined;
  /** A consumer unheard for this long loses its partitions (default 30 s). */
  session_timeout_ms?: number | undefined;
  /** The longest that onBatch may take while partitions are handed out anew (default 60 s). */
  rebalance_timeout_ms?: number | undefined;
  /** Partitions whose batches may be with onBatch at one time (default 8). */
  concurrent_batches?: number | undefined;
  /** The broker answers a fetch when it has this much (default 1), or after `fetch_max_wait_ms` (default 500). */
  fetch_min_bytes?: number | undefined;
  fetch_max_wait_ms?: number | undefined;
  /** Bytes of one fetch from one broker (default 32 MiB), and of one partition in it (default 8 MiB). */
  fetch_max_bytes?: number | undefined;
  fetch_max_bytes_per_partition?: number | undefined;
  /** The longest pause before a rejected batch comes again (default 30 s; the first is half a second). */
  retry_max_ms?: number | undefined;
}

/**
 * A Bus over Kafka. Connects when first used and again whenever needed; the broker may start later than the process.
 *
 * publish rejects with UnavailableError (within `publish_timeout_ms`) or PermanentError (the message is too large).
 * consume resolves at once and connects in the background; a group that is new reads from the beginning. One fetch
 * is with onBatch at a time per broker: the next follows when all its batches are done. stop takes at most 20 s;
 * batches still under way then are left uncommitted. ensureTopics, lag and ping reject with UnavailableError when
 * no broker answers.
 */
export function createKafkajsBus(options: KafkajsBusOptions): Bus {
  const admin = createAdminLink(options);
  const closing = new AbortController();
  const consumptions = new Set<Consumption>();
  const publish_timeout_ms = options.publish_timeout_ms ?? 1500;
  const publisher = createPublisher({
    ...options,
    publish_timeout_ms,
    max_pending_bytes: options.max_pending_bytes ?? 64 * 2 ** 20,
    countPartitions: (topic) => countPartitions(admin, topic, publish_timeout_ms),
  });
  const limits = {
    session_timeout_ms: options.session_timeout_ms ?? 30_000,
    rebalance_timeout_ms: options.rebalance_timeout_ms ?? 60_000,
    concurrent_batches: options.concurrent_batches ?? 8,
    fetch_min_bytes: options.fetch_min_bytes ?? 1,
    fetch_max_wait_ms: options.fetch_max_wait_ms ?? 500,
    fetch_max_bytes: options.fetch_max_bytes ?? 32 * 2 ** 20,
    fetch_max_bytes_per_partition: options.fetch_max_bytes_per_partition ?? 8 * 2 ** 20,
    retry_max_ms: options.retry_max_ms ?? 30_000,
  };

  return {
    ensureTopics: (topics) =>
      ensureTopics(admin, topics, {
        replication_factor: options.replication_factor,
        named_brokers: options.brokers.length,
        timeout_ms: options.topics_timeout_ms ?? 60_000,
        log: options.log,
        signal: closing.signal,
      }),
    publish: publisher.publish,
    async consume(consume) {
      const consumption = startConsumer(options, limits, consume);
      consumptions.add(consumption);
      return consumption;
    },
    lag: (group, topics) => lag(admin, group, topics),
    ping: () => ping(admin),
    async close() {
      closing.abort();
      await Promise.all([publisher.close(), ...Array.from(consumptions, ({ stop }) => stop())]);
      await admin.close();
    },
  };
}
