/** The real ingest without the settling that its process does beside it: of blocks, or of the baseline's JSON lines. */
import { Registry } from 'prom-client';
import { createClickhouseWarehouse } from '../../../adapters/clickhouse-warehouse.ts';
import { createKafkajsBus } from '../../../adapters/kafkajs-bus.ts';
import { createIngest } from '../../../ingest/ingest.ts';
import type { Warehouse } from '../../../schemas/seams.ts';
import { baselineInsert } from './baseline-rows.ts';

export interface IngestOrder {
  brokers: string[];
  topic: string;
  clickhouse: { url: string; database: string; username: string; password: string };
  /** Takes JSON lines for this table instead of blocks. */
  lines_into?: string;
}

const { brokers, topic, clickhouse, lines_into } = JSON.parse(process.argv[2]!) as IngestOrder;
const warehouse = createClickhouseWarehouse(clickhouse);

function intoLines(table: string): Warehouse['insert'] {
  const query = new URLSearchParams({ query: baselineInsert(`${clickhouse.database}.${table}`) });
  const headers = {
    'x-clickhouse-user': clickhouse.username,
    'x-clickhouse-key': clickhouse.password,
    'content-encoding': 'zstd',
  };
  return async ({ body }) => {
    const url = `${clickhouse.url}/?${query}`;
    const response = await fetch(url, { method: 'POST', headers, body: Buffer.from(body) });
    const answer = await response.text();
    if (!response.ok) throw new Error(answer);
  };
}

const ingest = createIngest({
  bus: createKafkajsBus({ brokers, client_id: 'bench-ingest', log: () => {} }),
  warehouse: lines_into ? { ...warehouse, insert: intoLines(lines_into) } : warehouse,
  topic,
  group: `${topic}-bench`,
  registry: new Registry(),
  log: (level, message, fields) =>
    console.log(level, message, JSON.stringify({ ...fields, error: String(fields?.error) })),
});
process.on('SIGTERM', () => process.exit(0));
await ingest.start();
console.log('consuming');
