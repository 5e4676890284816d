/** A settler alone in a process, so that it can be killed. Its one argument is JSON: where the engine is, and how often. */
import { Registry } from 'prom-client';
import { createClickhouseWarehouse } from '../../../../adapters/clickhouse-warehouse.ts';
import { createSettler } from '../../../../ingest/settle/settler.ts';

const { interval_ms, audit_interval_ms, calls_days, ...connection } = JSON.parse(process.argv[2]!);
const registry = new Registry();
const settler = createSettler({
  warehouse: createClickhouseWarehouse(connection),
  database: connection.database,
  calls_days,
  now: Date.now,
  registry,
  interval_ms,
  audit_interval_ms,
  // As often as it says, however long passes take.
  share_of_time: 1,
  log: (level, message, fields) => console.log(JSON.stringify({ level, message, ...fields })),
});
process.on('SIGTERM', async () => {
  await settler.stop();
  console.log(await registry.metrics());
  process.exit(0);
});
settler.start();
console.log('settling');
