/** The collector of the distributed size: OTLP/HTTP in, blocks to Kafka. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createClickhouseWarehouse } from '../adapters/clickhouse-warehouse.ts';
import { kafkaBus } from '../adapters/kafka-wiring.ts';
import { createLog } from '../adapters/log.ts';
import { registerOpsRoutes } from '../adapters/ops-routes.ts';
import { runProcess } from '../adapters/run-process.ts';
import { checkExposure, followKeysTable, keyRingOf, listen, sharedHashKey } from '../adapters/wiring.ts';
import { messageOf, topicNames, topicSpecs } from '../schemas/block-headers.ts';
import { createKeyedHash } from '../schemas/identity/keyed-hash.ts';
import type { Sink } from '../schemas/seams.ts';
import { KAFKA_GROUPING } from './block-writer.ts';
import { collectorOptionsOf } from './from-settings.ts';
import { startHeartbeats } from './heartbeat.ts';
import { createCollector } from './server.ts';

await runProcess({
  name: 'collector',
  purpose: 'takes OpenTelemetry spans over OTLP/HTTP and publishes model calls to Kafka',
  async start(settings) {
    const log = createLog({ name: 'collector', level: settings.log_level });
    const hashKey = sharedHashKey(settings);
    const keyRing = keyRingOf(settings);
    const bus = await kafkaBus(settings, 'plumbline-collector', log);
    const topics = topicNames(settings.kafka_topic);
    const sink: Sink = (block) => bus.publish(topics[block.table], messageOf(block));
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const collector = createCollector({
      sink,
      grouping: KAFKA_GROUPING,
      keyRing,
      keyedHash: createKeyedHash(hashKey),
      ...(await collectorOptionsOf(settings, log, registry)),
    });
    registerOpsRoutes(collector.app, { registry, ready: () => bus.ping() });

    // The collector stores without ClickHouse; where it may read one, it follows the keys issued there.
    const warehouse =
      settings.clickhouse_url && settings.clickhouse_read_user
        ? createClickhouseWarehouse({
            url: settings.clickhouse_url,
            username: settings.clickhouse_read_user,
            password: settings.clickhouse_read_password ?? '',
            database: settings.clickhouse_database,
            request_timeout_ms: 5_000,
          })
        : undefined;
    const keys = warehouse && (await followKeysTable(warehouse, settings.clickhouse_database, keyRing, log));
    checkExposure(settings, 'ingest', keyRing);

    // In the background: the collector answers 503 until Kafka is there, and must not fail to start without it.
    bus
      .ensureTopics(topicSpecs(settings.kafka_topic, { partitions: settings.kafka_partitions }))
      .catch((error) => {
        log('error', 'the topics could not be created', { error: String(error) });
      });
    const url = await listen(collector.app, settings.host, settings.otlp_port);
    const heartbeats = startHeartbeats({
      beat: () => collector.beat(),
      interval_ms: settings.heartbeat_s * 1000,
      registry,
      log,
    });
    console.log(`Collector listening on ${url} (OTLP/HTTP); try: curl ${url}/readyz`);
    return {
      async stop() {
        keys?.stop();
        heartbeats.stop();
        await collector.stop();
        await bus.close();
        await warehouse?.close();
      },
    };
  },
});
