/** Ingest of the distributed size: blocks from Kafka, inserts into ClickHouse. */
import Fastify from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { kafkaBus } from '../adapters/kafka-wiring.ts';
import { createLog } from '../adapters/log.ts';
import { registerOpsRoutes } from '../adapters/ops-routes.ts';
import { runProcess } from '../adapters/run-process.ts';
import { listen, retentionOf, writingWarehouse } from '../adapters/wiring.ts';
import { topicNames } from '../schemas/block-headers.ts';
import { recordSeedKeys } from '../schemas/identity/keys-table.ts';
import { migrate } from '../schemas/tables/migrations.ts';
import { createIngest } from './ingest.ts';
import { startLagReports } from './lag-reports.ts';
import { createSettler } from './settle/settler.ts';

await runProcess({
  name: 'ingest',
  purpose: 'consumes blocks of model calls from Kafka and inserts them into ClickHouse',
  async start(settings) {
    const log = createLog({ name: 'ingest', level: settings.log_level });
    const database = settings.clickhouse_database;
    const warehouse = writingWarehouse(settings);
    const bus = await kafkaBus(settings, 'plumbline-ingest', log);
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const ingest = createIngest({
      bus,
      warehouse,
      topic: settings.kafka_topic,
      group: settings.kafka_group,
      partitions: settings.kafka_partitions,
      registry,
      log,
    });
    const app = Fastify();
    registerOpsRoutes(app, { registry, ready: () => ingest.ready() });
    app.get('/status', async () => ingest.status());
    const url = await listen(app, settings.host, settings.ingest_port);
    console.log(`Ingest listening on ${url} (health and metrics only); try: curl ${url}/readyz`);

    await migrate(warehouse, {
      database,
      retention: retentionOf(settings),
      ...(settings.clickhouse_cluster ? { cluster: settings.clickhouse_cluster } : {}),
    });
    await recordSeedKeys(warehouse, database, { ingest: settings.ingest_keys, read: settings.read_keys });
    const settler = createSettler({
      warehouse,
      database,
      ...(settings.clickhouse_cluster ? { cluster: settings.clickhouse_cluster } : {}),
      calls_days: settings.retention_calls_days,
      now: Date.now,
      registry,
      log,
    });
    await ingest.start();
    const { calls, payloads, scores } = topicNames(settings.kafka_topic);
    const lagReports = startLagReports({
      bus,
      warehouse,
      group: settings.kafka_group,
      topics: [calls, payloads, scores],
      log,
    });
    settler.start();
    ingest.crashed.catch((error: unknown) => {
      log('error', 'consuming has ended for good; the process ends so that it is started again', {
        error: String(error),
      });
      process.exit(1);
    });
    return {
      async stop() {
        lagReports.stop();
        await Promise.all([ingest.stop(), settler.stop()]);
        await app.close();
        await bus.close();
        await warehouse.close();
      },
    };
  },
});
