import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeCall } from '../support/rows.ts';
import {
  get,
  type Harness,
  INGEST_KEY,
  KEYED_HASH,
  OTHER_KEY,
  rowsOf,
  SHOP_KEY,
  startHarness,
} from './support/harness.ts';

let harness: Harness;
const pseudonym = KEYED_HASH.pseudonym('shop', 'ann');
before(async () => {
  harness = await startHarness({ user_ids: 'pseudonym' });
  await harness.insertCalls([
    makeCall({ project: 'shop', model: 'of-the-shop', user_id: pseudonym }),
    makeCall({ project: 'shop', model: 'of-the-shop', status: 'error', error_type: 'timeout' }),
    makeCall({ project: 'other', model: 'of-the-other', status: 'error', error_type: 'auth' }),
  ]);
});
after(() => harness.stop());

const routes = ['/v1/rollups?group_by=model&', '/v1/latency?', '/v1/cost?', '/v1/errors?group_by=model&'];

for (const route of routes) {
  test(`${route.split('?')[0]} shows a project to its own key only, in every format`, async () => {
    for (const format of ['json', 'csv', 'jsonl', 'parquet', 'arrow']) {
      const url = `${route}from=now-3d&format=${format}`;
      const shop = await get(harness.app, url, SHOP_KEY);
      const other = await get(harness.app, url, OTHER_KEY);
      assert.ok(shop.raw.includes('of-the-shop') && !shop.raw.includes('of-the-other'), `${url} shop`);
      assert.ok(other.raw.includes('of-the-other') && !other.raw.includes('of-the-shop'), `${url} other`);
    }
  });
}

test('/v1/status is about the newest call of the project of the key', async () => {
  const started_at = (Math.floor(Date.now() / 1000) - 60) * 1_000_000;
  await harness.insertCalls([
    makeCall({ project: 'shop', started_at }),
    makeCall({ project: 'shop', started_at: started_at + 3_600_000_000 }),
  ]);
  const shop = (await get(harness.app, '/v1/status', SHOP_KEY)).json;
  const other = (await get(harness.app, '/v1/status', OTHER_KEY)).json;
  assert.equal(shop.newest_call.started_at, new Date(started_at / 1000).toISOString());
  assert.ok(shop.newest_call.age_s >= 60 && shop.newest_call.age_s < 120);
  assert.ok(other.newest_call.age_s > 3_600);
  assert.deepEqual(shop.retention, { payloads_days: 14, calls_days: 90, rollups_days: 400 });
  assert.equal(shop.ledger, null);
  assert.equal(shop.rollup_audit, null);
});

const keyed = ['/v1/rollups', '/v1/latency', '/v1/cost', '/v1/errors', '/v1/status'];

test('without a key, with an unknown one or with one for writing, no route answers', async () => {
  for (const route of keyed) {
    const cases = [
      [null, 401, 'missing-key'],
      ['not-a-key-of-anyone', 401, 'unknown-key'],
      [INGEST_KEY, 403, 'wrong-key'],
    ] as const;
    for (const [key, status, type] of cases) {
      const answer = await get(harness.app, route, key);
      assert.equal(answer.status, status, route);
      assert.equal(answer.json.type, `/problems/${type}`);
      if (status === 401) assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
      if (key) assert.doesNotMatch(answer.text, new RegExp(key));
    }
  }
});

test('x-api-key opens what Bearer opens', async () => {
  const reply = await harness.app.inject({ url: '/v1/status', headers: { 'x-api-key': SHOP_KEY } });
  assert.equal(reply.statusCode, 200);
});

test('a user is found by the raw id and by the pseudonym that answers show', async () => {
  for (const id of ['ann', pseudonym]) {
    const rows = await rowsOf(
      harness.app,
      `/v1/rollups?from=now-3d&metrics=calls&group_by=user_id&user_id=${id}`,
    );
    assert.deepEqual(rows, [{ user_id: pseudonym, calls: 1 }]);
  }
  assert.deepEqual(await rowsOf(harness.app, '/v1/latency?from=now-3d&user_id=bob'), []);
  const ofOther = `/v1/latency?from=now-3d&user_id=${pseudonym}`;
  assert.deepEqual(await rowsOf(harness.app, ofOther, OTHER_KEY), []);
});

test('lag and ledger are told when there are any, and a log that does not answer costs only the lag', async (t) => {
  const lag = [{ topic: 'model-calls', partition: 0, lag: 3 }];
  for (const [give, expected] of [
    [async () => lag, lag],
    [() => Promise.reject(new Error('no broker')), null],
  ] as const) {
    const other = await startHarness({ lag: give, ledger: (of) => ({ of, received: 5 }) });
    t.after(() => other.stop());
    const { json, status } = await get(other.app, '/v1/status');
    assert.equal(status, 200);
    assert.deepEqual(json.lag, expected);
    assert.deepEqual(json.ledger, { of: 'shop', received: 5 });
    assert.equal(json.newest_call, null);
  }
});
