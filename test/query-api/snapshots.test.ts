import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createQueryApi } from '../../query-api/server.ts';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import { makeCall } from '../support/rows.ts';
import {
  get,
  type Harness,
  INGEST_KEY,
  KEYED_HASH,
  KEYS,
  OTHER_KEY,
  post,
  RETENTION,
  SHOP_KEY,
  startHarness,
} from './support/harness.ts';

const QUERY = 'baseline=model:a&candidate=model:b&from=now-3d';
let now_ms = Date.now();
let harness: Harness;

before(async () => {
  harness = await startHarness({ now: () => now_ms });
  const calls = (project: string, model: string, number: number) =>
    Array.from({ length: number }, (_, index) => makeCall({ project, model, duration_ms: 100 + index }));
  await harness.insertCalls([
    ...calls('shop', 'a', 200),
    ...calls('shop', 'b', 150),
    ...calls('other', 'a', 10),
  ]);
});
after(() => harness.stop());

const freeze = (body: unknown, key = SHOP_KEY) => post(harness.app, '/v1/snapshots', body, key);

test('a snapshot answers the same after its calls have expired', async () => {
  const frozen = await freeze({ name: 'before-b', query: QUERY });
  assert.equal(frozen.status, 200, frozen.text);
  assert.equal(frozen.json.answer.baseline.calls, 200);
  const { json: live } = await get(harness.app, `/v1/compare?${QUERY}`);
  assert.deepEqual(frozen.json.answer.rows, live.rows);
  const today = now_ms;
  now_ms += 100 * 86_400_000;
  const later = await get(harness.app, '/v1/snapshots/before-b');
  const gone = await get(harness.app, '/v1/compare?baseline=model:a&candidate=model:b&from=now-104d');
  now_ms = today;
  assert.deepEqual(later.json, frozen.json);
  assert.equal(gone.json.baseline.calls, 0);
  assert.equal(new URLSearchParams(later.json.query).get('candidate'), 'model:b');
});

test('parameters may come as an object, and a query string with its path', async () => {
  const query = { baseline: 'model:a', candidate: ['model:b', 'model:c'], from: 'now-3d' };
  const frozen = await freeze({ name: 'as-object', query });
  assert.equal(frozen.status, 200, frozen.text);
  assert.equal(frozen.json.answer.candidates.length, 2);
  assert.equal((await freeze({ name: 'as-path', query: `/v1/compare?${QUERY}` })).status, 200);
});

test('a name is given once, also where two ask for it at once', async () => {
  const both = await Promise.all([1, 2].map(() => freeze({ name: 'contested', query: QUERY })));
  const kept = (await get(harness.app, '/v1/snapshots/contested')).json;
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409]);
  assert.deepEqual(both.find(({ status }) => status === 200)!.json, kept);
  const again = await freeze({ name: 'contested', query: 'baseline=model:b&candidate=model:a' });
  assert.equal(again.status, 409);
  assert.equal(again.json.type, '/problems/name-taken');
  assert.deepEqual((await get(harness.app, '/v1/snapshots/contested')).json, kept);
});

test('a name is given once, also where two processes are asked for it at once', async (t) => {
  const more = await Promise.all(
    [1, 2].map(() =>
      createQueryApi({
        warehouse: harness.reader,
        writer: harness.writer,
        database: 'plumbline',
        keyRing: createKeyRing(KEYS),
        keyedHash: KEYED_HASH,
        user_ids: 'raw',
        retention: RETENTION,
        version: '0.0.0-test',
      }),
    ),
  );
  t.after(() => Promise.all(more.map((app) => app.close())));
  for (const round of [1, 2, 3]) {
    const name = `contested-${round}`;
    const answers = await Promise.all(
      [harness.app, ...more].map((app) => post(app, '/v1/snapshots', { name, query: QUERY }, SHOP_KEY)),
    );
    const kept = answers.filter(({ status }) => status === 200);
    assert.ok(kept.length <= 1, 'two have the name');
    assert.deepEqual(
      answers
        .map(({ status }) => status)
        .toSorted()
        .slice(1),
      [409, 409],
    );
    const { status, json } = await get(harness.app, `/v1/snapshots/${name}`);
    if (kept.length === 1) assert.deepEqual(json, kept[0]!.json);
    else assert.equal(status, 404);
  }
});

const remove = async (name: string, key = SHOP_KEY) => {
  const reply = await harness.app.inject({
    method: 'DELETE',
    url: `/v1/snapshots/${name}`,
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: reply.statusCode, json: reply.json() };
};

test('a snapshot that is removed is gone, and its name is free again', async () => {
  const { json: frozen } = await freeze({ name: 'gone', query: QUERY });
  await freeze({ name: 'gone-not', query: QUERY });
  assert.equal((await remove('gone', OTHER_KEY)).status, 404);
  assert.equal((await remove('gone', INGEST_KEY)).status, 403);
  const { answer: _, ...head } = frozen;
  assert.deepEqual(await remove('gone'), { status: 200, json: head });
  assert.equal((await get(harness.app, '/v1/snapshots/gone')).status, 404);
  const again = await remove('gone');
  assert.deepEqual([again.status, again.json.type], [404, '/problems/no-such-snapshot']);
  const { json } = await get(harness.app, '/v1/snapshots');
  const names = json.items.map(({ name }: { name: string }) => name);
  assert.deepEqual([names.includes('gone'), names.includes('gone-not')], [false, true]);
  assert.equal((await freeze({ name: 'gone', query: QUERY })).status, 200);
});

test('the list is by name, in pages', async () => {
  for (const name of ['x-1', 'x-2', 'x-3']) await freeze({ name, query: QUERY });
  const names: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { json } = await get(harness.app, `/v1/snapshots?limit=2${cursor && `&cursor=${cursor}`}`);
    assert.ok(json.items.length <= 2);
    names.push(...json.items.map(({ name }: { name: string }) => name));
    cursor = json.next_cursor;
  }
  assert.deepEqual(names, names.toSorted());
  for (const name of ['x-1', 'x-2', 'x-3']) assert.ok(names.includes(name));
});

test('a key sees the snapshots of its project alone, and an ingest key none', async () => {
  await freeze({ name: 'ours', query: QUERY });
  assert.equal((await get(harness.app, '/v1/snapshots/ours', OTHER_KEY)).status, 404);
  assert.deepEqual((await get(harness.app, '/v1/snapshots', OTHER_KEY)).json, {
    items: [],
    next_cursor: null,
  });
  const theirs = await freeze({ name: 'ours', query: QUERY }, OTHER_KEY);
  assert.equal(theirs.json.answer.baseline.calls, 10);
  assert.equal((await get(harness.app, '/v1/snapshots/ours')).json.answer.baseline.calls, 200);
  assert.equal((await freeze({ name: 'mine', query: QUERY }, INGEST_KEY)).status, 403);
});

const FAULTS: readonly [body: unknown, parameter: string][] = [
  [{}, 'name'],
  [{ name: 'a b', query: QUERY }, 'name'],
  [{ name: '../x', query: QUERY }, 'name'],
  [{ name: 'x'.repeat(101), query: QUERY }, 'name'],
  [{ name: 5, query: QUERY }, 'name'],
  [{ name: 'a' }, 'query'],
  [{ name: 'a', query: '' }, 'query'],
  [{ name: 'a', query: 5 }, 'query'],
  [{ name: 'a', query: { baseline: { model: 'a' } } }, 'query.baseline'],
  [{ name: 'a', query: `${QUERY}&format=csv` }, 'query.format'],
  [{ name: 'a', query: `${QUERY}&modle=x` }, 'modle'],
  [{ name: 'a', query: `${QUERY}&user_id=ann` }, 'query.user_id'],
  [{ name: 'a', query: 'baseline=user_id:ann&candidate=model:b' }, 'query.user_id'],
  [{ name: 'a', query: QUERY, comment: 'x' }, 'comment'],
  ['[]', 'body'],
];

test('a body that cannot be meant is named by its place, and nothing is kept', async () => {
  for (const [body, parameter] of FAULTS) {
    const { status, json } = await freeze(body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.equal(json.parameter, parameter, JSON.stringify(body));
  }
  assert.match((await freeze({ name: 'a' })).json.detail, /as a query string or an object/);
  assert.equal((await get(harness.app, '/v1/snapshots/a')).json.type, '/problems/no-such-snapshot');
  for (const cursor of ['', 'x', '!', 'a'.repeat(200), Buffer.from('../').toString('base64url')]) {
    assert.equal((await get(harness.app, `/v1/snapshots?cursor=${cursor}`)).json.parameter, 'cursor');
  }
});

test('a query API without a user that may write says so, and still reads', async () => {
  const app = await createQueryApi({
    warehouse: harness.reader,
    database: 'plumbline',
    keyRing: createKeyRing(KEYS),
    keyedHash: KEYED_HASH,
    user_ids: 'raw',
    retention: RETENTION,
    version: '0.0.0-test',
  });
  const { status, json } = await post(app, '/v1/snapshots', { name: 'n', query: QUERY }, SHOP_KEY);
  assert.deepEqual([status, json.type], [503, '/problems/not-writing']);
  assert.equal((await get(app, '/v1/snapshots')).status, 200);
  await app.close();
});
