/** Collector, ingest and query API as three processes between a real Kafka and a ClickHouse server, two projects with keys. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRandom } from '../query-api/support/random.ts';
import { type Distributed, startDistributed } from '../support/distributed.ts';
import { eventually } from '../support/eventually.ts';
import { knownCalls, otlpBody } from '../support/known-calls.ts';
import { abandonLoads, startLoad } from '../support/load.ts';
import { numbersBecome, rowsOf } from '../support/numbers.ts';
import { assertServiceIsMeasured } from './service-answers.ts';

const INGEST = {
  shop: 'ingest-key-of-shop-0123',
  desk: 'ingest-key-of-desk-0123',
  lab: 'ingest-key-of-lab-01234',
};
const READ = {
  shop: 'read-key-of-shop-012345',
  desk: 'read-key-of-desk-012345',
  lab: 'read-key-of-lab-0123456',
};
const listed = (keys: Record<string, string>): string =>
  Object.entries(keys)
    .map(([project, key]) => `${project}=${key}`)
    .join(',');

let line: Distributed;
before(async () => {
  line = await startDistributed({
    env: { PLUMBLINE_INGEST_KEYS: listed(INGEST), PLUMBLINE_READ_KEYS: listed(READ) },
  });
});
after(async () => {
  await abandonLoads();
  await line?.stop();
});

const apiOf = (project: keyof typeof READ) => ({ url: line.api.url, key: READ[project] });

test('the calls of a traced service are there within five seconds, and every number is exact', async () => {
  await assertServiceIsMeasured(line.collector.url, apiOf('lab'), `x-api-key=${INGEST.lab}`);
});

test('two projects under load see their own calls, all of them, and nothing of each other', async () => {
  const loads = (['shop', 'desk'] as const).map((project, index) =>
    startLoad({
      url: line.collector.url,
      seed: 40 + index,
      headers: { authorization: `Bearer ${INGEST[project]}` },
    }),
  );
  await Promise.all(loads.map((load) => load.goesOn(2_000)));
  await Promise.all(loads.map((load) => load.finish()));
  const [shop, desk] = loads;
  await numbersBecome(apiOf('shop'), shop!.sent);
  await numbersBecome(apiOf('desk'), desk!.sent);
});

test('the same span ids under two keys are two calls, one in each project', async () => {
  const before = await rowsOf(apiOf('desk'), '/v1/rollups?metrics=calls');
  const calls = knownCalls(createRandom(9), { count: 5, before_ms: Date.now(), conversation_id: 'shared' });
  const { headers, body } = otlpBody(calls);
  for (const project of ['shop', 'desk'] as const) {
    const answer = await fetch(`${line.collector.url}/v1/traces`, {
      method: 'POST',
      headers: { ...headers, 'x-api-key': INGEST[project] },
      body: body as Uint8Array<ArrayBuffer>,
    });
    assert.equal(answer.status, 200);
  }
  const only = (project: keyof typeof READ) =>
    rowsOf(apiOf(project), '/v1/rollups?metrics=calls&conversation_id=shared');
  for (const project of ['shop', 'desk'] as const) {
    await eventually(async () => assert.equal((await only(project))[0]?.calls, 5, project), 10_000);
  }
  const after = await rowsOf(apiOf('desk'), '/v1/rollups?metrics=calls');
  assert.equal(Number(after[0]?.calls) - Number(before[0]?.calls), 5);
  assert.equal((await only('lab'))[0]?.calls, 0);
});

test('without a key, with an unknown one, or with one of the other kind nothing is read or written', async () => {
  const { headers, body } = otlpBody([]);
  const write = (key?: string) =>
    fetch(`${line.collector.url}/v1/traces`, {
      method: 'POST',
      headers: { ...headers, ...(key ? { 'x-api-key': key } : {}) },
      body: body as Uint8Array<ArrayBuffer>,
    });
  const read = (key?: string) =>
    fetch(`${line.api.url}/v1/latency`, key ? { headers: { 'x-api-key': key } } : {});
  const statuses = async (ask: (key?: string) => Promise<Response>, ...keys: (string | undefined)[]) =>
    Promise.all(keys.map(async (key) => (await ask(key)).status));
  assert.deepEqual(
    await statuses(write, INGEST.shop, undefined, 'unknown-key-0123456789', READ.shop),
    [200, 401, 401, 403],
  );
  assert.deepEqual(
    await statuses(read, READ.shop, undefined, 'unknown-key-0123456789', INGEST.shop),
    [200, 401, 401, 403],
  );
});

test('all parts end with 0 on SIGTERM, and their logs hold no key', async () => {
  for (const part of [line.collector, line.ingest, line.api]) {
    const exit = await part.process().end('SIGTERM');
    assert.deepEqual([exit.code, exit.signal], [0, null], part.process().output());
    assert.ok(exit.took_ms < 20_000, `${exit.took_ms} ms`);
  }
  for (const key of [...Object.values(INGEST), ...Object.values(READ)]) {
    assert.ok(!line.output().includes(key));
  }
});
