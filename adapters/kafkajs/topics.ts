import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, ITopicConfig } from 'kafkajs';
import type { Log } from '../../schemas/log.ts';
import { PermanentError, type TopicSpec } from '../../schemas/seams.ts';
import type { AdminLink } from './admin.ts';
import { isFatal, protocolErrors, unavailable } from './errors.ts';

/** Kafka deletes closed segments only, so this is how exactly it keeps to a retention. */
const SEGMENT_MS = 3_600_000;
const ATTEMPT_TIMEOUT_MS = 15_000;
const PAUSE_MS = 500;

export interface EnsureOptions {
  /** Copies of every message; by default three, or as many as there are brokers. */
  replication_factor: number | undefined;
  /** How many brokers the configuration names: a cluster that is starting may show fewer for a while. */
  named_brokers: number;
  /** How long to wait for a broker that is starting. */
  timeout_ms: number;
  log: Log;
  signal: AbortSignal;
}

/**
 * Creates the topics that do not exist, and tries again until they do. Rejects with UnavailableError in the end,
 * with PermanentError at once where the cluster refuses them for what they are.
 */
export async function ensureTopics(
  link: AdminLink,
  topics: TopicSpec[],
  options: EnsureOptions,
): Promise<void> {
  const deadline = Date.now() + options.timeout_ms;
  for (;;) {
    try {
      return await link.use((admin) => createMissing(admin, topics, options), ATTEMPT_TIMEOUT_MS);
    } catch (error) {
      if (isFatal(error)) throw new PermanentError('Kafka refuses to create the topics', { cause: error });
      if (Date.now() + PAUSE_MS > deadline || options.signal.aborted) throw unavailable(error);
      options.log('debug', 'topics are not there yet, trying again', { error });
      await sleep(PAUSE_MS);
    }
  }
}

async function createMissing(admin: Admin, topics: TopicSpec[], options: EnsureOptions): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter(({ name }) => !existing.has(name));
  if (missing.length === 0) return;
  const { brokers } = await admin.describeCluster();
  const copies = options.replication_factor ?? Math.min(3, Math.max(brokers.length, options.named_brokers));
  try {
    await admin.createTopics({ topics: missing.map((topic) => config(topic, copies)), waitForLeaders: true });
  } catch (error) {
    // Another process may have created some of them meanwhile; the rest were created.
    const refused = protocolErrors(error).filter((type) => type !== 'TOPIC_ALREADY_EXISTS');
    if (refused.length > 0 || protocolErrors(error).length === 0) throw error;
  }
}

function config(topic: TopicSpec, copies: number): ITopicConfig {
  const entries = {
    'retention.ms': topic.retention_ms,
    'segment.ms': SEGMENT_MS,
    'max.message.bytes': topic.max_message_bytes,
    'min.insync.replicas': copies >= 3 ? 2 : 1,
  };
  return {
    topic: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: copies,
    configEntries: Object.entries(entries).map(([name, value]) => ({ name, value: String(value) })),
  };
}
