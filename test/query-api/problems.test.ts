import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, type TestContext, test } from 'node:test';
import { createClickhouseWarehouse } from '../../adapters/clickhouse-warehouse.ts';
import { createQueryApi } from '../../query-api/server.ts';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import { ERROR_TYPES } from '../../schemas/record/calls.ts';
import {
  type Answer,
  get,
  type Harness,
  INGEST_KEY,
  KEYS,
  post,
  RETENTION,
  SHOP_KEY,
  startHarness,
} from './support/harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

function assertProblem(answer: Answer, status: number, type: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
  assert.equal(answer.json.type, `/problems/${type}`);
  assert.equal(answer.json.status, status);
  assert.ok(answer.json.title && answer.json.detail);
}

interface Case {
  query: string;
  type: string;
  parameter: string;
  received?: string;
  nearest?: string;
}

const cases: Case[] = [
  { query: 'modle=x', type: 'unknown-parameter', parameter: 'modle', nearest: 'model' },
  { query: 'project=other', type: 'unknown-parameter', parameter: 'project' },
  { query: '__proto__=x', type: 'unknown-parameter', parameter: '__proto__' },
  {
    query: 'metrics=calls,latency_p95',
    type: 'invalid-parameter',
    parameter: 'metrics',
    received: 'latency_p95',
    nearest: 'latency_p95_ms',
  },
  { query: 'metrics=', type: 'invalid-parameter', parameter: 'metrics', received: '' },
  { query: 'metrics=calls,', type: 'invalid-parameter', parameter: 'metrics', received: '' },
  { query: 'metrics=constructor', type: 'invalid-parameter', parameter: 'metrics' },
  { query: 'group_by=modl', type: 'invalid-parameter', parameter: 'group_by', nearest: 'model' },
  { query: 'group_by=time', type: 'invalid-parameter', parameter: 'group_by' },
  { query: 'interval=2h', type: 'invalid-parameter', parameter: 'interval', nearest: '1h' },
  { query: 'interval=1h&interval=1d', type: 'repeated-parameter', parameter: 'interval' },
  { query: 'format=xml', type: 'invalid-parameter', parameter: 'format' },
  { query: 'quantiles=rough', type: 'invalid-parameter', parameter: 'quantiles' },
  { query: 'limit=0', type: 'invalid-parameter', parameter: 'limit', received: '0' },
  { query: 'limit=1001', type: 'invalid-parameter', parameter: 'limit' },
  { query: 'limit=1e2', type: 'invalid-parameter', parameter: 'limit' },
  { query: 'order_by=model', type: 'invalid-parameter', parameter: 'order_by', received: 'model' },
  { query: 'order_by=time', type: 'invalid-parameter', parameter: 'order_by' },
  { query: 'order_by=-call', type: 'invalid-parameter', parameter: 'order_by', nearest: '-calls' },
  { query: 'status=fine', type: 'invalid-parameter', parameter: 'status', received: 'fine' },
  { query: 'status=!', type: 'invalid-parameter', parameter: 'status' },
  {
    query: 'error_type=ratelimit',
    type: 'invalid-parameter',
    parameter: 'error_type',
    nearest: 'rate_limit',
  },
  { query: 'error_type=ok&error_type=!auth', type: 'invalid-parameter', parameter: 'error_type' },
  { query: 'from=yesterday', type: 'invalid-time', parameter: 'from', received: 'yesterday' },
  { query: 'to=1767225600', type: 'invalid-time', parameter: 'to', received: '1767225600' },
  { query: 'from=now&to=now-1h', type: 'empty-range', parameter: 'from', received: 'from=now to=now-1h' },
  { query: 'from=now', type: 'empty-range', parameter: 'from' },
  { query: 'from=now-1h&to=now-1h', type: 'empty-range', parameter: 'from' },
  { query: 'metrics=score_avg', type: 'invalid-parameter', parameter: 'score' },
  { query: 'order_by=score_avg', type: 'invalid-parameter', parameter: 'score' },
  { query: 'score=accuracy', type: 'invalid-parameter', parameter: 'score', received: 'accuracy' },
  { query: `${'&model=x'.repeat(101).slice(1)}`, type: 'invalid-parameter', parameter: 'model' },
];

for (const { query, type, parameter, received, nearest } of cases) {
  test(`${query.slice(0, 40)} is answered ${type}`, async () => {
    for (const path of ['/v1/rollups', '/v1/errors']) {
      const shownBy = path === '/v1/rollups';
      const answer = await get(harness.app, `${path}?${query}`);
      assertProblem(answer, 400, type);
      assert.equal(answer.json.parameter, parameter);
      if (received !== undefined) assert.equal(answer.json.received, received);
      if (nearest !== undefined && shownBy) assert.equal(answer.json.nearest, nearest);
    }
  });
}

test('an order by what rows do not have says how they come to have it', async () => {
  for (const [query, detail] of [
    ['order_by=-model', /'model'.*add it to 'group_by'/],
    ['order_by=calls,time', /'time'.*set 'interval'/],
    ['group_by=model&order_by=model,service', /'service'.*add it to 'group_by'/],
  ] as const) {
    const { json } = await get(harness.app, `/v1/rollups?${query}`);
    assert.match(json.detail, detail);
    assert.equal(json.allowed.includes('model'), query.startsWith('group_by'));
  }
});

test('a problem lists what is allowed', async () => {
  const { json } = await get(harness.app, '/v1/rollups?interval=2h');
  assert.deepEqual(json.allowed, ['1m', '5m', '15m', '1h', '6h', '1d']);
  const range = await get(harness.app, '/v1/rollups?from=2026-01-02&to=2026-01-01');
  assert.match(range.json.detail, /2026-01-02T00:00:00.000Z.*2026-01-01T00:00:00.000Z/);
});

test('a path that is not there names the ones that are', async () => {
  const answer = await get(harness.app, '/v1/latncy?from=now-1h', null);
  assertProblem(answer, 404, 'not-found');
  assert.equal(answer.json.nearest, '/v1/latency');
  assert.ok(answer.json.allowed.includes('/v1/rollups'));
});

test('another method than GET is refused by name', async () => {
  const reply = await harness.app.inject({ method: 'POST', url: '/v1/rollups', payload: {} });
  assert.equal(reply.statusCode, 405);
  assert.equal(reply.headers.allow, 'GET, HEAD');
});

test('a method that a path with names in it does not take is told from a path that does not exist', async () => {
  for (const [method, url, status, allow] of [
    ['PUT', '/v1/snapshots/mine', 405, 'GET, HEAD, DELETE'],
    ['POST', '/v1/calls/a/b', 405, 'GET, HEAD'],
    ['PUT', '/v1/snapshots/', 404, undefined],
    ['GET', '/v1/calls/a/b/c', 404, undefined],
  ] as const) {
    const reply = await harness.app.inject({ method, url });
    assert.deepEqual([reply.statusCode, reply.headers.allow], [status, allow], `${method} ${url}`);
  }
});

test('a call without its span is told where traces are, and the root leads to the page', async () => {
  const call = await get(harness.app, `/v1/calls/${'ab'.repeat(16)}`);
  assertProblem(call, 404, 'not-found');
  assert.match(call.json.detail, /\/v1\/traces\/\{trace_id\}/);
  const root = await get(harness.app, '/', null);
  assert.deepEqual([root.status, root.headers.location], [302, '/docs/']);
  assert.equal((await get(harness.app, '/docs/', null)).status, 200);
  assert.ok(!call.json.allowed.includes('/'));
});

test('a closed value is refused where it is misspelt, and taken where calls may have it', async () => {
  for (const type of ['', ...ERROR_TYPES]) {
    assert.equal(
      (await get(harness.app, `/v1/errors?error_type=${type}&error_type=!auth`)).status,
      200,
      type,
    );
  }
  const arm = await get(harness.app, '/v1/compare?baseline=error_type:timeot&candidate=error_type:auth');
  assertProblem(arm, 400, 'invalid-parameter');
  assert.deepEqual([arm.json.parameter, arm.json.nearest], ['baseline', 'timeout']);
  const route = { default_model: 'a', canary: { model: 'b', criteria: ['latency<300'] } };
  const filters = { error_type: ['rate_limit', '!time_out'] };
  const gate = await post(harness.app, '/v1/gates/evaluate', { config: { route }, filters }, SHOP_KEY);
  assertProblem(gate, 400, 'invalid-parameter');
  assert.deepEqual([gate.json.parameter, gate.json.nearest], ['filters.error_type', 'timeout']);
  // What an emitter calls a carrier's operation is taken over as it is.
  assert.equal((await get(harness.app, '/v1/rollups?operation=invoke_swarm')).status, 200);
});

test('a body over the limit is a 413 that names the limit of its route, also to who is still sending', async (t) => {
  const { app } = await startListening(t);
  for (const [path, key, limit] of [
    ['/v1/scores', INGEST_KEY, 4 * 1024 * 1024],
    ['/v1/gates/evaluate', SHOP_KEY, 1024 * 1024],
    ['/v1/snapshots', SHOP_KEY, 1024 * 1024],
  ] as const) {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const reply = await fetch(`${app}${path}`, { method: 'POST', headers, body: `"${'x'.repeat(6e6)}"` });
    assert.equal(reply.status, 413);
    assert.match(String(reply.headers.get('content-type')), /^application\/problem\+json/);
    const problem = (await reply.json()) as Record<string, unknown>;
    assert.equal(problem.type, '/problems/body-too-large');
    assert.deepEqual(problem.allowed, [`at most ${limit} bytes`]);
  }
});

test('what is no HTTP, and headers that are too large, are answered with problems', async (t) => {
  const { port } = await startListening(t);
  for (const [sent, status, type] of [
    [`GET /v1/rollups?model=${'x'.repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431, 'headers-too-large'],
    ['GET /v1/rollups NOT/1.1\r\n\r\n', 400, 'bad-request'],
  ] as const) {
    const socket = connect(port, '127.0.0.1');
    socket.end(sent);
    const [head, body] = (await text(socket)).split('\r\n\r\n');
    assert.match(head!, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(head!, /\r\ncontent-type: application\/problem\+json/);
    const problem = JSON.parse(body!);
    assert.deepEqual([problem.status, problem.type], [status, `/problems/${type}`]);
  }
});

test('a path that cannot be decoded is a bad request', async () => {
  assertProblem(await get(harness.app, '/v1/%zz'), 400, 'bad-request');
});

/** The API on a port of its own. */
async function startListening(t: TestContext): Promise<{ app: string; port: number }> {
  const { reader: warehouse } = harness;
  const options = { warehouse, database: 'plumbline', keyRing: createKeyRing(KEYS), retention: RETENTION };
  const app = await createQueryApi({ ...options, user_ids: 'drop', version: '0' });
  t.after(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { app: url, port: Number(new URL(url).port) };
}

async function withApi<T>(
  url: string,
  use: (ask: (path: string) => Promise<Answer>) => Promise<T>,
): Promise<T> {
  const warehouse = createClickhouseWarehouse({ url, username: 'x', password: 'x', database: 'plumbline' });
  const logged: string[] = [];
  const app = await createQueryApi({
    warehouse,
    database: 'plumbline',
    keyRing: createKeyRing({ read: [], ingest: [] }),
    user_ids: 'drop',
    retention: RETENTION,
    version: '0',
    log: (_level, message) => logged.push(message),
  });
  try {
    return await use((path) => get(app, path, null));
  } finally {
    await app.close();
    await warehouse.close();
  }
}

test('a database that is not there is a 503 with Retry-After, on every route', async () => {
  await withApi('http://127.0.0.1:1', async (ask) => {
    for (const path of ['/v1/rollups', '/v1/latency?format=csv', '/v1/cost?format=parquet', '/v1/status']) {
      const answer = await ask(path);
      assertProblem(answer, 503, 'unavailable');
      assert.equal(answer.headers['retry-after'], '5');
    }
  });
});

test('user ids that are not stored cannot be asked for', async () => {
  await withApi('http://127.0.0.1:1', async (ask) => {
    const answer = await ask('/v1/rollups?user_id=ann');
    assertProblem(answer, 400, 'invalid-parameter');
    assert.doesNotMatch(answer.text, /ann/);
  });
});

test('pseudonyms without the hash key are refused at the start', async () => {
  const { reader: warehouse } = harness;
  const options = { warehouse, database: 'plumbline', keyRing: createKeyRing(KEYS), retention: RETENTION };
  await assert.rejects(createQueryApi({ ...options, user_ids: 'pseudonym', version: '0' }), /hash key/);
});
