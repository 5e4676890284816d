/** The query API of the distributed size: reads from a ClickHouse server. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createLog } from '../adapters/log.ts';
import { registerOpsRoutes } from '../adapters/ops-routes.ts';
import { runProcess } from '../adapters/run-process.ts';
import {
  checkExposure,
  followKeysTable,
  keyRingOf,
  listen,
  readingWarehouse,
  retentionOf,
  sharedHashKey,
  storingWarehouse,
  VERSION,
} from '../adapters/wiring.ts';
import { eraseUser } from '../ingest/settle/erase.ts';
import type { SettleStore } from '../ingest/settle/store.ts';
import { createKeyedHash } from '../schemas/identity/keyed-hash.ts';
import type { Warehouse } from '../schemas/seams.ts';
import { createFreshness } from './freshness.ts';
import { readLag } from './lag.ts';
import { createQueryApi } from './server.ts';

await runProcess({
  name: 'query-api',
  purpose: 'serves rollups, latency, cost and errors of model calls from ClickHouse',
  async start(settings) {
    const log = createLog({ name: 'query-api', level: settings.log_level });
    const hashKey = sharedHashKey(settings);
    const keyRing = keyRingOf(settings);
    const database = settings.clickhouse_database;
    const warehouse = readingWarehouse(settings);
    const writer = storingWarehouse(settings);
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const settling = (as: Warehouse): SettleStore => ({
      warehouse: as,
      database,
      calls_days: settings.retention_calls_days,
      now: Date.now,
      ...(settings.clickhouse_cluster ? { cluster: settings.clickhouse_cluster } : {}),
    });
    const freshness = createFreshness({
      warehouse,
      database,
      calls_days: settings.retention_calls_days,
      stall_ms: settings.stall_s * 1000,
      registry,
    });
    const api = await createQueryApi({
      warehouse,
      ...(writer ? { writer, eraseUser: (user) => eraseUser(settling(writer), user) } : {}),
      database,
      keyRing,
      keyedHash: createKeyedHash(hashKey),
      user_ids: settings.user_ids,
      retention: retentionOf(settings),
      freshness,
      lag: () => readLag(warehouse, database),
      log,
      version: VERSION,
    });
    const ready = async (): Promise<void> => {
      await warehouse.ping();
      await freshness.check();
    };
    registerOpsRoutes(api, { registry, ready });
    const keys = await followKeysTable(warehouse, database, keyRing, log);
    checkExposure(settings, 'read', keyRing);
    const url = await listen(api, settings.host, settings.api_port);
    console.log(
      `Query API listening on ${url}; try: curl '${url}/v1/latency?group_by=model', or open ${url}/docs`,
    );
    return {
      async stop() {
        keys.stop();
        await api.close();
        await Promise.all([warehouse.close(), writer?.close()]);
      },
    };
  },
});
