import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Log } from '../../schemas/log.ts';
import type { ConsumeOptions, ReceivedMessage } from '../../schemas/seams.ts';

const RETRY_MIN_MS = 500;

export interface BatchHandlerOptions {
  onBatch: ConsumeOptions['onBatch'];
  /** How often a batch under way tells the group that this member lives; nothing else does meanwhile. */
  heartbeat_ms: number;
  retry_max_ms: number;
  log: Log;
}

export interface BatchHandler {
  eachBatch(payload: EachBatchPayload): Promise<void>;
  /** To be told of every assignment of partitions. */
  joined(): void;
  /** Whether a batch is with onBatch. */
  busy(): boolean;
  close(): void;
}

/** From a fetched batch to a committed one: onBatch, then commit, then on to the next messages. */
export function createBatchHandler(options: BatchHandlerOptions): BatchHandler {
  const failures = new Map<string, number>();
  const pauses = new Set<NodeJS.Timeout>();
  let generation = 0;
  let under_way = 0;

  const handle = async (messages: ReceivedMessage[], heartbeat: () => Promise<void>): Promise<void> => {
    // A failed heartbeat means a rebalance or a lost connection: kafkajs meets it again after the batch.
    const beat = setInterval(() => heartbeat().catch(() => {}), options.heartbeat_ms);
    under_way++;
    try {
      await options.onBatch(messages);
    } finally {
      under_way--;
      clearInterval(beat);
    }
  };

  /** Only this partition waits; the others go on. */
  const holdBack = (key: string, pause: () => () => void, error: unknown) => {
    const failed = (failures.get(key) ?? 0) + 1;
    failures.set(key, failed);
    const pause_ms = Math.min(RETRY_MIN_MS * 2 ** (failed - 1), options.retry_max_ms);
    options.log('warn', 'batch failed and will come again', { partition: key, failed, pause_ms, error });
    const resume = pause();
    const timer = setTimeout(() => {
      pauses.delete(timer);
      resume();
    }, pause_ms);
    pauses.add(timer);
  };

  return {
    async eachBatch({
      batch,
      heartbeat,
      pause,
      isRunning,
      isStale,
      resolveOffset,
      commitOffsetsIfNecessary,
    }) {
      if (!isRunning() || isStale()) return;
      const { topic, partition } = batch;
      const key = `${topic}/${partition}`;
      const assigned = generation;
      const messages = batch.messages.map((message) => received(topic, partition, message));
      try {
        await handle(messages, heartbeat);
      } catch (error) {
        if (isRunning()) holdBack(key, pause, error);
        return;
      }
      failures.delete(key);
      // The partitions were handed out anew: whoever owns this one now reads from the last commit.
      if (generation !== assigned) return;
      const last = batch.messages.at(-1)!.offset;
      const next = String(BigInt(last) + 1n);
      // Not consumer.commitOffsets, which commits nothing once the consumer is stopping. A failure goes to kafkajs,
      // which joins the group again; the messages come again.
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] });
      resolveOffset(last);
    },
    joined() {
      generation++;
    },
    busy: () => under_way > 0,
    close() {
      for (const timer of pauses) clearTimeout(timer);
    },
  };
}

function received(topic: string, partition: number, message: KafkaMessage): ReceivedMessage {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) headers[name] = first.toString();
  }
  return { topic, partition, offset: message.offset, value: message.value ?? Buffer.alloc(0), headers };
}
