import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Bus } from '../schemas/seams.ts';

const LAG_TIMEOUT_MS = 2_000;

export interface MetricsOptions {
  registry: Registry;
  bus: Bus;
  group: string;
  topics: string[];
}

export type Metrics = ReturnType<typeof createMetrics>;

/** The metrics of ingest. Lag is asked for when scraped; it is absent while Kafka does not answer in time. */
export function createMetrics({ registry, bus, group, topics }: MetricsOptions) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `plumbline_ingest_${name}`, help, labelNames, registers });
  let committed_at_ms = Date.now();

  new Gauge({
    name: 'plumbline_ingest_lag_messages',
    help: 'Messages that the consumer group has not committed.',
    labelNames: ['topic', 'partition'],
    registers,
    async collect() {
      const lag = await lagWithin(bus, group, topics);
      this.reset();
      for (const { topic, partition, lag: messages } of lag) {
        this.set({ topic, partition: String(partition) }, messages);
      }
    },
  });
  new Gauge({
    name: 'plumbline_ingest_last_commit_age_seconds',
    help: 'Seconds since a batch was last handed back to be committed; since the start before the first.',
    registers,
    collect() {
      this.set((Date.now() - committed_at_ms) / 1000);
    },
  });

  return {
    messages: counter('messages_total', 'Messages stored.', ['table']),
    rows: counter('rows_total', 'Rows stored, repeats included.', ['table']),
    bytes: counter('bytes_total', 'Compressed bytes stored.', ['table']),
    inserts: counter('inserts_total', 'Inserts that succeeded.', ['table']),
    retries: counter('insert_failures_total', 'Inserts that failed and were tried again or split.', [
      'table',
    ]),
    dead_letters: counter('dead_letters_total', 'Messages sent to the dead-letter topic.', ['reason']),
    insert_seconds: new Histogram({
      name: 'plumbline_ingest_insert_seconds',
      help: 'Duration of inserts that succeeded.',
      labelNames: ['table'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    committed() {
      committed_at_ms = Date.now();
    },
  };
}

/** A scrape must not wait for a Kafka that is away. */
async function lagWithin(bus: Bus, group: string, topics: string[]) {
  const { promise: late, resolve } = Promise.withResolvers<[]>();
  const timer = setTimeout(() => resolve([]), LAG_TIMEOUT_MS);
  try {
    return await Promise.race([bus.lag(group, topics), late]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}
