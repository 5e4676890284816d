import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { createClickhouseWarehouse } from '../../adapters/clickhouse-warehouse.ts';
import { createQueryApi } from '../../query-api/server.ts';
import { problemOfWarehouse } from '../../query-api/warehouse-problems.ts';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import { BlockBuilder } from '../../schemas/native/block-builder.ts';
import { calls } from '../../schemas/record/calls.ts';
import { type Warehouse, WarehouseError } from '../../schemas/seams.ts';
import { migrate } from '../../schemas/tables/migrations.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { makeCall } from '../support/rows.ts';
import { get, RETENTION } from './support/harness.ts';

let running: TestEngine;
before(async () => {
  running = await startTestEngine();
  const writer = warehouseWith({});
  await migrate(writer, { database: 'plumbline', retention: RETENTION });
  const block = new BlockBuilder(calls);
  for (let row = 0; row < 20_000; row++) block.append(makeCall());
  await writer.insert(await block.finish());
  await writer.close();
});
after(() => running.stop());

/** As the writer, who may set limits. */
function warehouseWith(settings: Record<string, string | number>): Warehouse {
  const { url, writer, database } = running.engine;
  return createClickhouseWarehouse({ url, ...writer, database, settings });
}

/** An API on the warehouse; both end with the test, however it ends. */
async function apiFor(t: TestContext, warehouse: Warehouse, log: string[] = []): Promise<FastifyInstance> {
  const app = await createQueryApi({
    warehouse,
    database: 'plumbline',
    keyRing: createKeyRing({ read: [], ingest: [] }),
    user_ids: 'raw',
    retention: RETENTION,
    version: '0',
    log: (_level, message) => log.push(message),
  });
  t.after(async () => {
    await app.close();
    await warehouse.close();
  });
  return app;
}

const limits: [string, Record<string, number>, number, string][] = [
  ['rows to read', { max_rows_to_read: 10 }, 422, 'query-too-large'],
  ['bytes to read', { max_bytes_to_read: 10 }, 422, 'query-too-large'],
  ['memory', { max_memory_usage: 100_000 }, 422, 'query-too-large'],
  ['time', { max_execution_time: 0.000_001 }, 503, 'query-timeout'],
];

for (const [limit, settings, status, type] of limits) {
  test(`a query over the limit of ${limit} is told what to narrow`, async (t) => {
    const app = await apiFor(t, warehouseWith(settings));
    for (const format of ['json', 'arrow']) {
      const answer = await get(app, `/v1/latency?from=now-3d&format=${format}`, null);
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.json.type, `/problems/${type}`);
      assert.match(answer.json.detail, /shorten the time between `from` and `to`/);
    }
  });
}

test('a database without its tables is not ready yet, and the cause is logged', async (t) => {
  const log: string[] = [];
  const writer = warehouseWith({});
  t.after(() => writer.command('RENAME TABLE plumbline.calls_away TO plumbline.calls').then(writer.close));
  await writer.command('RENAME TABLE plumbline.calls TO plumbline.calls_away');
  const app = await apiFor(t, warehouseWith({}), log);
  const answer = await get(app, '/v1/rollups', null);
  assert.equal(answer.status, 503, answer.text);
  assert.equal(answer.json.type, '/problems/unavailable');
  assert.equal(log.length, 1);
});

test('an unexpected code is our fault: no problem of the request, and a 500 that tells nothing', async (t) => {
  assert.equal(problemOfWarehouse(new WarehouseError('syntax', { code: 62 })), undefined);
  const failing = {
    query: () => Promise.reject(new WarehouseError('secret text', { code: 62 })),
    close: async () => {},
  };
  const app = await apiFor(t, failing as unknown as Warehouse);
  const answer = await get(app, '/v1/rollups', null);
  assert.equal(answer.status, 500);
  assert.equal(answer.json.type, '/problems/internal');
  assert.doesNotMatch(answer.text, /secret/);
});

test('a client that leaves takes its query with it', { timeout: 20_000 }, async (t) => {
  const closed = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  // A database that never answers: what counts is that its connection is closed.
  const silent = createServer((request, response) => {
    response.once('close', () => closed.resolve());
    request.resume();
    asked.resolve();
  });
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const warehouse = createClickhouseWarehouse({ url, username: 'x', password: 'x', database: 'plumbline' });
  const log: string[] = [];
  const app = await apiFor(t, warehouse, log);
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const leaving = new AbortController();
  const request = fetch(`${address}/v1/rollups`, { signal: leaving.signal }).catch((error) => error.name);
  await asked.promise;
  leaving.abort();
  assert.equal(await request, 'AbortError');
  await closed.promise;
  await sleep(20);
  assert.deepEqual(log, [], 'nobody is left to be told');
});
