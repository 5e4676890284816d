import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { type BusMessage, PermanentError, UnavailableError } from '../../schemas/seams.ts';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { withDeadline } from './deadline.ts';
import { isPermanent, protocolErrors, unavailable } from './errors.ts';

const PARTITIONS_AGE_MS = 60_000;
const RETRY_PAUSE_MS = 100;
/** A connection without a single success for this long is replaced by a new one. */
const LIFELESS_MS = 3000;

export interface PublisherOptions extends ClientOptions {
  publish_timeout_ms: number;
  max_pending_bytes: number;
  countPartitions: (topic: string) => Promise<number>;
}

export interface Publisher {
  publish(topic: string, message: BusMessage): Promise<void>;
  close(): Promise<void>;
}

interface Link {
  client: Client;
  producer: Producer;
  connected: Promise<void>;
  alive_at_ms: number;
}

interface Rotation {
  partitions: number;
  next: number;
  read_at_ms: number;
}

/**
 * Publishes each message on its own, to an explicit partition in rotation, and tries the next partition while there
 * is time. What kafkajs still holds after a timeout counts as pending until it lets go, so memory stays bounded.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { publish_timeout_ms } = options;
  const rotations = new Map<string, Rotation>();
  const pending = new Set<Promise<void>>();
  let pending_bytes = 0;
  let link: Link | undefined;
  let closed = false;

  const open = (): Link => {
    // Longer than our own timeout: mute connections are ended by endSilent first, which also renews the metadata.
    const client = createClient(options, { request_timeout_ms: publish_timeout_ms * 2 });
    const producer = client.kafka.producer({
      allowAutoTopicCreation: false,
      metadataMaxAge: 10_000,
      retry: { retries: 0 },
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition!,
    });
    const opened: Link = { client, producer, connected: producer.connect(), alive_at_ms: Date.now() };
    opened.connected.catch(() => drop(opened));
    return opened;
  };
  const drop = (dropped: Link) => {
    if (link !== dropped) return;
    link = undefined;
    dropped.client.sockets.close();
    dropped.producer.disconnect().catch(() => {});
  };

  const readPartitions = async (topic: string): Promise<Rotation> => {
    const partitions = await options.countPartitions(topic);
    if (partitions === 0) throw new UnavailableError(`topic ${topic} has no partitions`);
    // A random start, so that several processes do not all begin at the first partition.
    const next = rotations.get(topic)?.next ?? Math.floor(Math.random() * partitions);
    const rotation = { partitions, next, read_at_ms: Date.now() };
    rotations.set(topic, rotation);
    return rotation;
  };
  const nextPartition = async (topic: string): Promise<number> => {
    let rotation = rotations.get(topic) ?? (await readPartitions(topic));
    if (Date.now() - rotation.read_at_ms > PARTITIONS_AGE_MS) {
      rotation.read_at_ms = Date.now();
      readPartitions(topic).catch(() => {});
    }
    rotation = rotations.get(topic) ?? rotation;
    return rotation.next++ % rotation.partitions;
  };

  const send = async (topic: string, message: BusMessage): Promise<void> => {
    link ??= open();
    const used = link;
    try {
      await used.connected;
      const partition = await nextPartition(topic);
      const [answer] = await used.producer.send({
        topic,
        acks: -1,
        timeout: publish_timeout_ms,
        messages: [{ value: message.value, headers: message.headers, partition }],
      });
      // kafkajs drops messages for partitions it does not know of and reports success (tried).
      if (answer?.partition !== partition) {
        rotations.delete(topic);
        throw new UnavailableError(`partition ${partition} of topic ${topic} did not take the message`);
      }
      used.alive_at_ms = Date.now();
    } catch (error) {
      const answered = protocolErrors(error).length > 0;
      if (!answered && Date.now() - used.alive_at_ms > LIFELESS_MS) drop(used);
      throw error;
    }
  };

  const sendWithin = async (topic: string, message: BusMessage, deadline: number): Promise<void> => {
    for (;;) {
      try {
        return await send(topic, message);
      } catch (error) {
        if (isPermanent(error)) {
          throw new PermanentError(`Kafka refuses the message: ${(error as Error).message}`, {
            cause: error,
          });
        }
        if (closed || Date.now() + RETRY_PAUSE_MS >= deadline) throw unavailable(error);
        await sleep(RETRY_PAUSE_MS);
      }
    }
  };

  return {
    async publish(topic, message) {
      if (closed) throw new UnavailableError('the bus is closed');
      const bytes = message.value.length;
      if (pending_bytes > 0 && pending_bytes + bytes > options.max_pending_bytes) {
        throw new UnavailableError(`${pending_bytes} bytes wait for Kafka already`);
      }
      pending_bytes += bytes;
      const work = sendWithin(topic, message, Date.now() + publish_timeout_ms).finally(() => {
        pending_bytes -= bytes;
        pending.delete(work);
      });
      pending.add(work);
      try {
        await withDeadline(work, publish_timeout_ms, 'publishing to Kafka');
      } catch (error) {
        if (pending.has(work)) link?.client.sockets.endSilent(publish_timeout_ms);
        throw error;
      }
    },
    async close() {
      closed = true;
      await withDeadline(Promise.allSettled(pending), publish_timeout_ms, 'closing').catch(() => {});
      if (link) drop(link);
    },
  };
}
