/** The query API on a real engine, as its read-only user, asked through inject(). */
import assert from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import { createClickhouseWarehouse } from '../../../adapters/clickhouse-warehouse.ts';
import type { Engine } from '../../../engine/supervisor.ts';
import { eraseUser } from '../../../ingest/settle/erase.ts';
import { reexamine } from '../../../ingest/settle/examiner.ts';
import { createQueryApi, type QueryApiOptions } from '../../../query-api/server.ts';
import { createKeyRing } from '../../../schemas/identity/key-ring.ts';
import { createKeyedHash } from '../../../schemas/identity/keyed-hash.ts';
import { BlockBuilder } from '../../../schemas/native/block-builder.ts';
import { type CallRow, calls } from '../../../schemas/record/calls.ts';
import type { RecordTable, RowOf } from '../../../schemas/record/field.ts';
import { type PayloadRow, payloads } from '../../../schemas/record/payloads.ts';
import { type ScoreRow, scores } from '../../../schemas/record/scores.ts';
import type { Warehouse } from '../../../schemas/seams.ts';
import { migrate } from '../../../schemas/tables/migrations.ts';
import { startTestEngine } from '../../support/engine.ts';

export const RETENTION = { payloads_days: 14, calls_days: 90, rollups_days: 400 };
export const SHOP_KEY = 'shop-read-key-0123456789';
export const OTHER_KEY = 'other-read-key-0123456789';
export const INGEST_KEY = 'shop-ingest-key-0123456789';
export const OTHER_INGEST_KEY = 'other-ingest-key-0123456789';
export const KEYED_HASH = createKeyedHash('a key of tests, at least 32 characters long');
export const KEYS = {
  read: [
    { project: 'shop', key: SHOP_KEY },
    { project: 'other', key: OTHER_KEY },
  ],
  ingest: [
    { project: 'shop', key: INGEST_KEY },
    { project: 'other', key: OTHER_INGEST_KEY },
  ],
};

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  raw: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked into field by field.
  json: any;
}

export async function get(app: FastifyInstance, url: string, key: string | null = SHOP_KEY): Promise<Answer> {
  const headers = key === null ? {} : { authorization: `Bearer ${key}` };
  const reply = await app.inject({ method: 'GET', url, headers });
  const isJson = /json;/.test(String(reply.headers['content-type']));
  return {
    status: reply.statusCode,
    headers: reply.headers,
    text: reply.body,
    raw: reply.rawPayload,
    json: isJson && !reply.headers['content-type']?.toString().includes('ndjson') ? reply.json() : undefined,
  };
}

export async function post(
  app: FastifyInstance,
  url: string,
  body: unknown,
  key: string = INGEST_KEY,
): Promise<Answer> {
  const reply = await app.inject({
    method: 'POST',
    url,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: reply.statusCode,
    headers: reply.headers,
    text: reply.body,
    raw: reply.rawPayload,
    json: reply.json(),
  };
}

/** An id or hash as interfaces show it. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The rows of an answer that must be good. */
export async function rowsOf(app: FastifyInstance, url: string, key?: string) {
  const { status, json, text } = await get(app, url, key);
  assert.equal(status, 200, text);
  return json.rows as Record<string, string | number | null>[];
}

export interface Harness {
  engine: Engine;
  app: FastifyInstance;
  /** As the writer, and as the read-only user that the API is. */
  writer: Warehouse;
  reader: Warehouse;
  insertCalls(rows: readonly CallRow[]): Promise<void>;
  insertPayloads(rows: readonly PayloadRow[]): Promise<void>;
  insertScores(rows: readonly ScoreRow[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startHarness(options: Partial<QueryApiOptions> = {}): Promise<Harness> {
  const { engine, stop } = await startTestEngine();
  const { database } = engine;
  const writer = createClickhouseWarehouse({ url: engine.url, ...engine.writer, database });
  const reader = createClickhouseWarehouse({ url: engine.url, ...engine.reader, database });
  await migrate(writer, { database, retention: RETENTION });
  const app = await createQueryApi({
    warehouse: reader,
    writer,
    eraseUser: (user) => eraseUser({ warehouse: writer, database, calls_days: 90, now: Date.now }, user),
    database,
    keyRing: createKeyRing(KEYS),
    keyedHash: KEYED_HASH,
    user_ids: 'raw',
    retention: RETENTION,
    version: '0.0.0-test',
    ...options,
  });
  const insert = async <F>(table: RecordTable<F>, rows: readonly RowOf<F>[]): Promise<void> => {
    const block = new BlockBuilder(table);
    for (const row of rows) block.append(row);
    await writer.insert(await block.finish());
  };
  const store = { warehouse: writer, database, calls_days: RETENTION.calls_days, now: Date.now };
  // No row counts as new: looking for repeats anew is most of the time that an answer of few rows takes. They are
  // found after each insert instead, as the settler does; its own tests do without this.
  await writer.command(`INSERT INTO ${database}.examined (upto) VALUES (now64(3) + INTERVAL 1 DAY)`);
  return {
    engine,
    app,
    writer,
    reader,
    async insertCalls(rows) {
      await insert(calls, rows);
      const hours = rows.map(({ started_at }) => Math.floor(started_at / 3_600_000_000));
      if (hours.length > 0) await reexamine(store, Math.min(...hours) - 1, Math.max(...hours) + 1);
    },
    insertPayloads: (rows) => insert(payloads, rows),
    insertScores: (rows) => insert(scores, rows),
    async stop() {
      await app.close();
      await Promise.all([writer.close(), reader.close()]);
      await stop();
    },
  };
}
