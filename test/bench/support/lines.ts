/** The pieces of the distributed size on real servers, for benches: broker, engine, tables, processes. */
import { createClickhouseWarehouse } from '../../../adapters/clickhouse-warehouse.ts';
import type { Warehouse } from '../../../schemas/seams.ts';
import { migrate } from '../../../schemas/tables/migrations.ts';
import { startTestEngine, type TestEngine } from '../../support/engine.ts';
import type { TestKafka } from '../../support/kafka.ts';
import { type Service, startService } from './processes.ts';

/** What is to be ended, in the order in which it was started. */
export type Ends = (() => unknown)[];

/** Ends the last first. */
export async function endAll(ends: Ends): Promise<void> {
  for (const end of ends.reverse()) await end();
}

export const HASH_KEY = 'a bench key of more than thirty-two characters';
export const RETENTION = { calls_days: 90, payloads_days: 14, rollups_days: 400 };
const ENGINE_MEMORY_BYTES = 2 ** 32;

export interface Store extends TestEngine {
  warehouse: Warehouse;
  version: string;
}

/** A real engine with the tables of the record; in a directory of its own that goes with it, or in one that stays. */
export async function startStore(kept_dir?: string): Promise<Store> {
  const test = await startTestEngine({
    max_memory_bytes: ENGINE_MEMORY_BYTES,
    ...(kept_dir === undefined ? {} : { data_dir: kept_dir }),
  });
  const { url, database, writer } = test.engine;
  const warehouse = createClickhouseWarehouse({ url, database, ...writer });
  await migrate(warehouse, { database, retention: RETENTION });
  const { rows } = await warehouse.query<{ version: string }>('SELECT version() AS version');
  return {
    ...test,
    warehouse,
    version: rows[0]!.version,
    async stop() {
      await warehouse.close();
      await (kept_dir === undefined ? test.stop() : test.engine.stop());
    },
  };
}

export interface Distributed {
  collector: Service;
  ingest: Service;
  otlp_url: string;
}

export function distributedSettings(kafka: TestKafka, { engine }: Store): Record<string, string> {
  return {
    KAFKA_BROKERS: kafka.brokers.join(','),
    CLICKHOUSE_URL: engine.url,
    CLICKHOUSE_USER: engine.writer.username,
    CLICKHOUSE_PASSWORD: engine.writer.password,
    CLICKHOUSE_READ_USER: engine.reader.username,
    CLICKHOUSE_READ_PASSWORD: engine.reader.password,
    CLICKHOUSE_DATABASE: engine.database,
    PLUMBLINE_HASH_KEY: HASH_KEY,
    PLUMBLINE_OTLP_PORT: '0',
    PLUMBLINE_API_PORT: '0',
    PLUMBLINE_INGEST_PORT: '0',
  };
}

export async function startDistributed(kafka: TestKafka, store: Store, ends: Ends): Promise<Distributed> {
  const settings = distributedSettings(kafka, store);
  const ingest = await startService('ingest/main.ts', settings, [/Ingest listening/]);
  ends.push(() => ingest.stop());
  const collector = await startService('collector/main.ts', settings, [/listening on (http:\S+)/]);
  ends.push(() => collector.stop());
  return { collector, ingest, otlp_url: collector.said[0]![1]! };
}

/** The embedded size as its users start it. */
export async function startEmbedded(
  data_dir: string,
): Promise<{ service: Service; otlp_url: string; api_url: string }> {
  const settings = { PLUMBLINE_DATA_DIR: data_dir, PLUMBLINE_OTLP_PORT: '0', PLUMBLINE_API_PORT: '0' };
  const said = [/Spans in: +(http:\S+)\/v1\/traces/, /Query API: +(http:\S+)\/docs/];
  const service = await startService('main.ts', settings, said);
  return { service, otlp_url: service.said[0]![1]!, api_url: service.said[1]![1]! };
}
