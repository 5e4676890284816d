import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createQueryApi } from '../../query-api/server.ts';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import { idOf, makeCall } from '../support/rows.ts';
import {
  get,
  type Harness,
  hex,
  INGEST_KEY,
  KEYED_HASH,
  KEYS,
  OTHER_INGEST_KEY,
  OTHER_KEY,
  post,
  RETENTION,
  rowsOf,
  SHOP_KEY,
  startHarness,
} from './support/harness.ts';

const text = createHash('sha256').update('Two books.').digest();
const call = makeCall({ project: 'shop', response_hash: KEYED_HASH.ofSha256('shop', text) });
const named = { trace_id: hex(call.trace_id), span_id: hex(call.span_id) };

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls([
    call,
    makeCall({ project: 'other', trace_id: call.trace_id, span_id: call.span_id }),
  ]);
});
after(() => harness.stop());

const average = async (name: string, key = SHOP_KEY): Promise<unknown> => {
  const [row] = await rowsOf(harness.app, `/v1/rollups?from=now-3d&metrics=score_avg&score=${name}`, key);
  return row!.score_avg;
};

test('a score is stored, the same again replaces it, another source stands beside it', async () => {
  const score = { ...named, name: 'accuracy', value: 0, source: 'judge' };
  for (const value of [0.5, 1]) {
    const { status, json } = await post(harness.app, '/v1/scores', { ...score, value });
    assert.deepEqual([status, json], [200, { stored: 1, known: 1 }]);
    assert.equal(await average('accuracy'), value);
  }
  await post(harness.app, '/v1/scores', [
    { ...score, value: 0, source: 'reviewer', label: 'wrong', time: 'now-1h' },
  ]);
  assert.equal(await average('accuracy'), 0.5);
  const { scores } = (await get(harness.app, `/v1/calls/${named.trace_id}/${named.span_id}`)).json;
  assert.deepEqual(
    scores.map(({ source, value, label }: Record<string, unknown>) => [source, value, label]),
    [
      ['judge', 1, ''],
      ['reviewer', 0, 'wrong'],
    ],
  );
  assert.equal(await average('accuracy', OTHER_KEY), null, 'the same ids in another project');
});

test('an answer is named by the plain hash of its text as by the hash that answers show', async () => {
  const hashes = [hex(text), hex(call.response_hash!)];
  for (const [index, response_hash] of hashes.entries()) {
    const name = `by-hash-${index}`;
    assert.equal((await post(harness.app, '/v1/scores', { response_hash, name, value: 1 })).status, 200);
    assert.equal(await average(name), 1, name);
  }
});

test('of the same score twice in a body the later one holds, and five thousand are one request', async () => {
  const many = Array.from({ length: 5_000 }, (_, value) => ({ ...named, name: 'many', value }));
  assert.deepEqual((await post(harness.app, '/v1/scores', many)).json, { stored: 5_000, known: 5_000 });
  assert.equal(await average('many'), 4_999);
});

test('an answer to scores tells how many name what is stored: a span, the parent of one, an answer', async () => {
  const parent_span_id = idOf(808, 8);
  const child = makeCall({ project: 'shop', trace_id: idOf(809, 16), parent_span_id });
  await harness.insertCalls([child]);
  const score = { name: 'known', value: 1 };
  const body = [
    { ...score, ...named },
    { ...score, trace_id: hex(child.trace_id), span_id: hex(parent_span_id) },
    { ...score, response_hash: hex(text) },
    { ...score, response_hash: hex(call.response_hash!) },
    { ...score, trace_id: named.trace_id, span_id: hex(idOf(810, 8)) },
    { ...score, trace_id: hex(idOf(811, 16)), span_id: named.span_id },
    { ...score, response_hash: hex(idOf(812, 32)) },
  ];
  assert.deepEqual((await post(harness.app, '/v1/scores', body)).json, { stored: 7, known: 4 });
  assert.deepEqual((await post(harness.app, '/v1/scores', body, OTHER_INGEST_KEY)).json, {
    stored: 7,
    known: 1,
  });
});

test('the most scores that a request takes may all name other calls', async () => {
  const of = { name: 'strangers', value: 1 };
  const id = (number: number, width: number): string => hex(idOf(1_000_000 + number, width));
  const spans = Array.from({ length: 5_000 }, (_, n) => ({ ...of, trace_id: id(n, 16), span_id: id(n, 8) }));
  const hashes = spans.map((_, n) => ({ ...of, response_hash: id(n, 32) }));
  for (const body of [spans, hashes]) {
    assert.deepEqual((await post(harness.app, '/v1/scores', body)).json, { stored: 5_000, known: 0 });
  }
});

const good = { ...named, name: 'accuracy', value: 1 };
const cases: [body: unknown, place: string, nearest?: string][] = [
  [[], 'body'],
  [[good, good, 7], '[2]'],
  [[good, null], '[1]'],
  [{ ...good, value: '1' }, '[0].value'],
  [{ ...good, value: null }, '[0].value'],
  [{ ...good, name: '' }, '[0].name'],
  [{ ...good, name: 'x'.repeat(201) }, '[0].name'],
  [[good, { ...good, nmae: 1 }], '[1].nmae', 'name'],
  [{ ...good, trace_id: 'xyz' }, '[0].trace_id'],
  [{ ...good, span_id: '0'.repeat(16) }, '[0].span_id'],
  [{ ...good, response_hash: 'ab'.repeat(32) }, '[0]'],
  [{ name: 'accuracy', value: 1 }, '[0]'],
  [{ trace_id: named.trace_id, name: 'accuracy', value: 1 }, '[0].span_id'],
  [{ ...good, time: 'yesterday' }, '[0].time'],
  [{ ...good, time: 'now-91d' }, '[0].time'],
  [{ ...good, time: {} }, '[0].time'],
];
for (const [body, place, nearest] of cases) {
  test(`${JSON.stringify(body).slice(-60)} is refused at ${place}, and nothing is stored`, async () => {
    const before = await harness.writer.query('SELECT count() AS n FROM plumbline.scores FINAL');
    const { status, json } = await post(harness.app, '/v1/scores', body);
    assert.deepEqual([status, json.type, json.parameter], [400, '/problems/invalid-body', place]);
    if (nearest) assert.equal(json.nearest, nearest);
    const after = await harness.writer.query('SELECT count() AS n FROM plumbline.scores FINAL');
    assert.deepEqual(after.rows, before.rows);
  });
}

test('what is no JSON, too large or of another type is a problem of the sender', async () => {
  assert.equal((await post(harness.app, '/v1/scores', '{')).json.type, '/problems/bad-request');
  assert.equal((await post(harness.app, '/v1/scores', 'x'.repeat(5_000_000))).status, 413);
  const headers = { authorization: `Bearer ${INGEST_KEY}`, 'content-type': 'text/plain' };
  const reply = await harness.app.inject({ method: 'POST', url: '/v1/scores', payload: 'x', headers });
  assert.equal(reply.statusCode, 400);
});

test('a read key does not write; nor does anybody where reading is guarded and no ingest key is known', async () => {
  assert.equal((await post(harness.app, '/v1/scores', good, SHOP_KEY)).json.type, '/problems/wrong-key');
  const { reader, writer } = harness;
  const options = {
    warehouse: reader,
    database: 'plumbline',
    user_ids: 'raw',
    retention: RETENTION,
    version: '0',
  } as const;
  const unkeyed = await createQueryApi({
    ...options,
    writer,
    keyRing: createKeyRing({ read: KEYS.read, ingest: [] }),
  });
  assert.equal((await post(unkeyed, '/v1/scores', good, 'whatever-key-it-is')).status, 401);
  const readOnly = await createQueryApi({ ...options, keyRing: createKeyRing(KEYS) });
  assert.equal((await post(readOnly, '/v1/scores', good)).json.type, '/problems/not-writing');
  await Promise.all([unkeyed.close(), readOnly.close()]);
});
