/** A real broker and a real engine with an ingest between them, for the tests of this folder. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { createClickhouseWarehouse } from '../../adapters/clickhouse-warehouse.ts';
import { createKafkajsBus } from '../../adapters/kafkajs-bus.ts';
import { createIngest, type Ingest, type IngestLimits } from '../../ingest/ingest.ts';
import { messageOf, topicNames, topicSpecs } from '../../schemas/block-headers.ts';
import { BlockBuilder } from '../../schemas/native/block-builder.ts';
import { type CallRow, calls } from '../../schemas/record/calls.ts';
import type { Bus, CallBlock, ReceivedMessage, Warehouse } from '../../schemas/seams.ts';
import { migrate } from '../../schemas/tables/migrations.ts';
import { startTestEngine } from '../support/engine.ts';
import { startKafka } from '../support/kafka.ts';
import { makeCall } from '../support/rows.ts';

/** Where things are, in a form that can be handed to another process. */
export interface Places {
  brokers: string[];
  clickhouse: { url: string; database: string; username: string; password: string };
}

export function connectBus({ brokers }: Places): Bus {
  return createKafkajsBus({
    brokers,
    client_id: 'test',
    session_timeout_ms: 2_000,
    retry_max_ms: 1_000,
    log: () => {},
  });
}

export function connectWarehouse({ clickhouse }: Places, request_timeout_ms = 10_000): Warehouse {
  return createClickhouseWarehouse({ ...clickhouse, request_timeout_ms });
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}`);
    await sleep(25);
  }
}

export async function makeBlock(rows: number, overrides: Partial<CallRow>): Promise<CallBlock> {
  const builder = new BlockBuilder(calls);
  for (let i = 0; i < rows; i++) builder.append(makeCall(overrides));
  return builder.finish();
}

export interface LogLine {
  level: string;
  message: string;
  fields: Record<string, unknown> | undefined;
}

export type TestIngest = Ingest & { registry: Registry; lines: LogLine[] };

export type Pipeline = Awaited<ReturnType<typeof startPipeline>>;

export async function startPipeline() {
  const [kafka, test] = await Promise.all([startKafka(), startTestEngine()]);
  const { engine } = test;
  const places: Places = {
    brokers: kafka.brokers,
    clickhouse: { url: engine.url, database: engine.database, ...engine.writer },
  };
  const bus = connectBus(places);
  const warehouse = connectWarehouse(places);
  await migrate(warehouse, {
    database: engine.database,
    retention: { calls_days: 90, payloads_days: 14, rollups_days: 400 },
  });
  const ingests: Ingest[] = [];
  const buses: Bus[] = [bus];
  let topics = 0;

  return {
    places,
    bus,
    warehouse,
    engine,

    /** A base topic of the test's own, with its topics. */
    async createTopics(): Promise<string> {
      const topic = `calls-${process.pid}-${++topics}`;
      await bus.ensureTopics(topicSpecs(topic, { partitions: 2 }));
      return topic;
    },

    publish: (topic: string, block: CallBlock) =>
      bus.publish(topicNames(topic)[block.table], messageOf(block)),

    async startIngest(
      topic: string,
      options: { group?: string; warehouse?: Warehouse; limits?: Partial<IngestLimits> } = {},
    ): Promise<TestIngest> {
      const registry = new Registry();
      const lines: LogLine[] = [];
      const own = connectBus(places);
      buses.push(own);
      const ingest = createIngest({
        bus: own,
        warehouse,
        topic,
        group: topic,
        partitions: 2,
        registry,
        log: (level, message, fields) => lines.push({ level, message, fields }),
        ...options,
        limits: { min_interval_ms: 200, ...options.limits },
      });
      ingests.push(ingest);
      await ingest.start();
      return { ...ingest, registry, lines };
    },

    /** Counted calls of a project, and the rows before repeats are removed. */
    async count(project: string): Promise<{ calls: number; rows: number; cost_usd: number }> {
      const { rows } = await warehouse.query<Record<string, number>>(
        `SELECT count() AS calls, toFloat64(sum(cost_usd)) AS cost_usd,
           (SELECT count() FROM ${engine.database}.calls WHERE project = {project:String}) AS rows
         FROM ${engine.database}.calls FINAL WHERE project = {project:String}`,
        { params: { project } },
      );
      const { calls: counted, rows: stored, cost_usd } = rows[0]!;
      return { calls: Number(counted), rows: Number(stored), cost_usd: Number(cost_usd) };
    },

    async lag(topic: string): Promise<number> {
      const parts = await bus.lag(topic, Object.values(topicNames(topic)).slice(0, 3));
      return parts.reduce((sum, { lag }) => sum + lag, 0);
    },

    /** All dead letters of the topic so far: at least `count`. */
    async deadLetters(topic: string, count: number): Promise<ReceivedMessage[]> {
      const letters: ReceivedMessage[] = [];
      const consumption = await bus.consume({
        group: `${topic}-dead-${Date.now()}`,
        topics: [topicNames(topic).dead],
        onBatch: async (messages) => void letters.push(...messages),
      });
      await until('the dead letters', () => letters.length >= count);
      await consumption.stop();
      return letters;
    },

    async stop(): Promise<void> {
      await Promise.all(ingests.map((ingest) => ingest.stop()));
      await Promise.all(buses.map((one) => one.close()));
      await warehouse.close();
      await Promise.all([kafka.stop(), test.stop()]);
    },
  };
}
