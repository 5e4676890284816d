/** The embedded size: collector, engine and query API in one command. The engine is a child process; there is no Kafka. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createClickhouseWarehouse } from './adapters/clickhouse-warehouse.ts';
import { createLog } from './adapters/log.ts';
import { registerOpsRoutes } from './adapters/ops-routes.ts';
import { runProcess } from './adapters/run-process.ts';
import {
  checkExposure,
  followKeysTable,
  keyRingOf,
  listen,
  retentionOf,
  VERSION,
} from './adapters/wiring.ts';
import { EMBEDDED_GROUPING } from './collector/block-writer.ts';
import { firstCallCommand } from './collector/first-call.ts';
import { collectorOptionsOf } from './collector/from-settings.ts';
import { startHeartbeats } from './collector/heartbeat.ts';
import { createCollector } from './collector/server.ts';
import { removeConnection, writeConnection } from './engine/connection-file.ts';
import { startEngine } from './engine/supervisor.ts';
import { eraseUser } from './ingest/settle/erase.ts';
import { createSettler } from './ingest/settle/settler.ts';
import { createFreshness } from './query-api/freshness.ts';
import { createQueryApi } from './query-api/server.ts';
import { createKeyedHash } from './schemas/identity/keyed-hash.ts';
import { recordSeedKeys } from './schemas/identity/keys-table.ts';
import { migrate } from './schemas/tables/migrations.ts';

/** Kept beside the data, so that pseudonyms and hashes stay the same from start to start. */
async function ownHashKey(data_dir: string): Promise<string> {
  const file = join(data_dir, 'hash.key');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    const key = randomBytes(32).toString('hex');
    await mkdir(data_dir, { recursive: true });
    await writeFile(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
    return key;
  }
}

await runProcess({
  name: 'plumbline',
  purpose:
    'takes OpenTelemetry spans, stores model calls in an embedded ClickHouse, and serves the query API',
  async start(settings) {
    const log = createLog({ name: 'plumbline', level: settings.log_level });
    const keyRing = keyRingOf(settings);
    const database = settings.clickhouse_database;
    console.log(`Starting the embedded ClickHouse on ${settings.data_dir} …`);
    const engine = await startEngine({
      data_dir: settings.data_dir,
      database,
      log,
      onStateChange(state, reason) {
        if (state !== 'failed') return;
        console.error(`The embedded engine cannot go on: ${reason}`);
        process.exit(1);
      },
    });
    writeConnection(settings.data_dir, engine);
    const { url: engineUrl, writer, reader } = engine;
    const warehouse = createClickhouseWarehouse({ url: engineUrl, ...writer, database });
    const readWarehouse = createClickhouseWarehouse({ url: engineUrl, ...reader, database });
    await migrate(warehouse, { database, retention: retentionOf(settings) });
    await recordSeedKeys(warehouse, database, { ingest: settings.ingest_keys, read: settings.read_keys });
    const keys = await followKeysTable(readWarehouse, database, keyRing, log);
    for (const kind of ['ingest', 'read'] as const) checkExposure(settings, kind, keyRing);

    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const keyedHash = createKeyedHash(settings.hash_key ?? (await ownHashKey(settings.data_dir)));
    const collector = createCollector({
      sink: (block) => warehouse.insert(block),
      grouping: EMBEDDED_GROUPING,
      keyRing,
      keyedHash,
      ...(await collectorOptionsOf(settings, log, registry)),
    });
    const store = { warehouse, database, calls_days: settings.retention_calls_days, now: Date.now };
    const settler = createSettler({ ...store, registry, log });
    settler.start();
    const freshness = createFreshness({
      warehouse: readWarehouse,
      database,
      calls_days: settings.retention_calls_days,
      stall_ms: settings.stall_s * 1000,
      registry,
    });
    const api = await createQueryApi({
      warehouse: readWarehouse,
      writer: warehouse,
      eraseUser: (user) => eraseUser(store, user),
      database,
      keyRing,
      keyedHash,
      user_ids: settings.user_ids,
      retention: retentionOf(settings),
      ledger: (project) => ({ ...collector.ledger.snapshot(project) }),
      freshness,
      log,
      version: VERSION,
    });
    registerOpsRoutes(collector.app, { registry, ready: () => engine.ping() });
    const ready = async (): Promise<void> => {
      await engine.ping();
      await freshness.check();
    };
    registerOpsRoutes(api, { registry, ready });

    const otlp = await listen(collector.app, settings.host, settings.otlp_port);
    const query = await listen(api, settings.host, settings.api_port);
    const heartbeats = startHeartbeats({
      beat: () => collector.beat(),
      interval_ms: settings.heartbeat_s * 1000,
      registry,
      log,
    });
    console.log(`
Plumbline is up.
  Spans in:   ${otlp}/v1/traces   (OTEL_EXPORTER_OTLP_ENDPOINT=${otlp})
  Query API:  ${query}/docs

Send a first call, then ask for its p95:
  ${firstCallCommand(otlp, keyRing.guards('ingest'))}
  curl '${query}/v1/latency?group_by=model'
`);
    return {
      async stop() {
        keys.stop();
        heartbeats.stop();
        await api.close();
        await Promise.all([collector.stop(), settler.stop()]);
        await Promise.all([warehouse.close(), readWarehouse.close()]);
        removeConnection(settings.data_dir);
        await engine.stop();
      },
    };
  },
});
