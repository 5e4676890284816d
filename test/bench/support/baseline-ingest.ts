/** The baseline's second process: the real ingest, but what it inserts are JSON lines. */
import { Registry } from 'prom-client';
import { createClickhouseWarehouse } from '../../../adapters/clickhouse-warehouse.ts';
import { createKafkajsBus } from '../../../adapters/kafkajs-bus.ts';
import { createIngest } from '../../../ingest/ingest.ts';
import { baselineInsert } from './baseline-rows.ts';

interface Places {
  brokers: string[];
  topic: string;
  table: string;
  clickhouse: { url: string; database: string; username: string; password: string };
}

const { brokers, topic, table, clickhouse } = JSON.parse(process.argv[2]!) as Places;
const query = new URLSearchParams({ query: baselineInsert(`${clickhouse.database}.${table}`) });
const headers = {
  'x-clickhouse-user': clickhouse.username,
  'x-clickhouse-key': clickhouse.password,
  'content-encoding': 'zstd',
};
const ingest = createIngest({
  bus: createKafkajsBus({ brokers, client_id: 'baseline-ingest', log: () => {} }),
  warehouse: {
    ...createClickhouseWarehouse(clickhouse),
    async insert({ body }) {
      const response = await fetch(`${clickhouse.url}/?${query}`, {
        method: 'POST',
        headers,
        body: Buffer.from(body),
      });
      if (!response.ok) throw new Error(await response.text());
      await response.arrayBuffer();
    },
  },
  topic,
  group: topic,
  registry: new Registry(),
  log: (level, message, fields) =>
    console.log(level, message, JSON.stringify({ ...fields, error: String(fields?.error) })),
});
process.on('SIGTERM', () => process.exit(0));
await ingest.start();
console.log('consuming');
