import type { Admin } from 'kafkajs';
import { type PartitionLag, UnavailableError } from '../../schemas/seams.ts';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { withDeadline } from './deadline.ts';
import { protocolErrors, unavailable } from './errors.ts';

const PING_TIMEOUT_MS = 2000;
const LAG_TIMEOUT_MS = 10_000;

export interface AdminLink {
  /** Runs `task` over a connection that is made when needed. Rejects with what the broker said, or UnavailableError. */
  use<T>(task: (admin: Admin) => Promise<T>, timeout_ms: number): Promise<T>;
  close(): Promise<void>;
}

/** One shared connection for questions about the cluster; replaced after any failure that no broker answered. */
export function createAdminLink(options: ClientOptions): AdminLink {
  interface Link {
    client: Client;
    admin: Admin;
    connected: Promise<void>;
  }
  let link: Link | undefined;
  let closed = false;

  const open = (): Link => {
    const client = createClient(options, { request_timeout_ms: 10_000 });
    const admin = client.kafka.admin({ retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1000 } });
    return { client, admin, connected: admin.connect() };
  };
  const drop = (dropped: Link) => {
    if (link !== dropped) return;
    link = undefined;
    dropped.client.sockets.close();
    dropped.admin.disconnect().catch(() => {});
  };

  return {
    async use(task, timeout_ms) {
      if (closed) throw new UnavailableError('the bus is closed');
      link ??= open();
      const used = link;
      try {
        const work = used.connected.then(() => task(used.admin));
        return await withDeadline(work, timeout_ms, 'asking Kafka');
      } catch (error) {
        if (protocolErrors(error).length > 0) throw error;
        drop(used);
        throw unavailable(error);
      }
    },
    async close() {
      closed = true;
      if (link) drop(link);
    },
  };
}

/** Resolves when a broker answers. */
export async function ping(link: AdminLink): Promise<void> {
  await link.use((admin) => admin.describeCluster(), PING_TIMEOUT_MS);
}

/** How many partitions a topic has; rejects when there is no such topic. */
export async function countPartitions(link: AdminLink, topic: string, timeout_ms: number): Promise<number> {
  const { topics } = await link.use((admin) => admin.fetchTopicMetadata({ topics: [topic] }), timeout_ms);
  return topics[0]?.partitions.length ?? 0;
}

/** Messages that a group has not committed. A partition it never committed counts from its oldest message. */
export async function lag(link: AdminLink, group: string, topics: string[]): Promise<PartitionLag[]> {
  return link.use(async (admin) => {
    const groups = await admin.fetchOffsets({ groupId: group, topics });
    const result: PartitionLag[] = [];
    for (const { topic, partitions } of groups) {
      const committed = new Map(partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        const offset = committed.get(partition) ?? -1n;
        const from = offset > BigInt(low) ? offset : BigInt(low);
        result.push({ topic, partition, lag: Number(BigInt(high) - from) });
      }
    }
    return result.sort((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition);
  }, LAG_TIMEOUT_MS);
}
