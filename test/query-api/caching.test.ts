import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { tagOf } from '../../query-api/caching.ts';
import { makeCall } from '../support/rows.ts';
import { type Harness, SHOP_KEY, startHarness } from './support/harness.ts';

const ARMS = 'baseline=model:small-chat-v1&candidate=service:late';
let harness: Harness;
let noon_ms: number;
before(async () => {
  // Noon, so that the day before is over for more than an hour.
  noon_ms = Math.floor(Date.now() / 86_400_000) * 86_400_000 + 43_200_000;
  harness = await startHarness({ now: () => noon_ms });
  await harness.insertCalls([makeCall({ project: 'shop' })]);
});
after(() => harness.stop());

const ask = (url: string, tag?: string) =>
  harness.app.inject({
    url,
    headers: { authorization: `Bearer ${SHOP_KEY}`, ...(tag ? { 'if-none-match': tag } : {}) },
  });

const closed = [
  '/v1/rollups?from=now-3d/d&to=now/d&group_by=model',
  '/v1/latency?from=now-3d/d&to=now/d&format=csv',
  '/v1/cost?from=now-3d/d&to=now/d&format=parquet',
  '/v1/calls?from=now-3d/d&to=now/d',
  '/v1/models?from=now-3d/d&to=now/d',
  `/v1/compare?${ARMS}&from=now-3d/d&to=now/d`,
  `/v1/compare?${ARMS}&from=now-3d/d&to=now/d&format=csv`,
  `/v1/compare?${ARMS}&baseline_from=now-3d/d&baseline_to=now-1d/d&candidate_from=now-1d/d&candidate_to=now/d`,
];
for (const url of closed) {
  test(`${url}: a closed window has a tag, which answers 304 until something else is to be said`, async () => {
    const first = await ask(url);
    assert.equal(first.statusCode, 200);
    assert.equal(first.headers['cache-control'], 'private, max-age=60');
    assert.equal(first.headers.vary, 'authorization, x-api-key');
    const tag = String(first.headers.etag);
    assert.match(tag, /^W\/"[\w-]{22}"$/);
    for (const known of [tag, tag.slice(2), `"other", ${tag}`, '*']) {
      const again = await ask(url, known);
      assert.deepEqual([again.statusCode, again.body, again.headers.etag], [304, '', tag], known);
    }
    assert.equal((await ask(url, '"other"')).statusCode, 200);
    await harness.insertCalls([makeCall({ project: 'shop', model: `late-${url}`, service: 'late' })]);
    const late = await ask(url, tag);
    assert.equal(late.statusCode, 200);
    assert.notEqual(late.headers.etag, tag);
  });
}

test('an open window, a problem and the status are kept by nobody', async () => {
  for (const url of [
    '/v1/rollups',
    '/v1/calls?from=now-2d',
    '/v1/cost?from=x',
    '/v1/status',
    '/v1/latency?to=now-5m&format=csv',
    `/v1/compare?${ARMS}`,
    `/v1/compare?${ARMS}&format=csv`,
    // One of its windows is still open.
    `/v1/compare?${ARMS}&baseline_from=now-3d/d&baseline_to=now/d`,
    '/v1/snapshots',
    '/v1/snapshots/nobodys',
  ]) {
    const { headers } = await ask(url);
    assert.deepEqual([headers['cache-control'], headers.etag], ['no-store', undefined], url);
  }
});

test('a snapshot has a tag though its window was open, and one that takes its name has another', async () => {
  const url = '/v1/snapshots/kept';
  const send = (method: 'POST' | 'DELETE', payload?: object) =>
    harness.app.inject({
      method,
      url: payload ? '/v1/snapshots' : url,
      headers: { authorization: `Bearer ${SHOP_KEY}` },
      ...(payload ? { payload } : {}),
    });
  const body = { name: 'kept', query: ARMS };
  assert.equal((await send('POST', body)).headers.etag, undefined);
  const first = await ask(url);
  const tag = String(first.headers.etag);
  assert.deepEqual([first.statusCode, first.headers['cache-control']], [200, 'private, max-age=60']);
  await harness.insertCalls([makeCall({ project: 'shop', started_at: Date.now() * 1000 - 7_200_000_000 })]);
  assert.deepEqual([(await ask(url, tag)).statusCode, (await ask(url, tag)).body], [304, '']);
  assert.equal((await send('DELETE')).statusCode, 200);
  assert.equal((await ask(url, tag)).statusCode, 404);
  noon_ms += 1;
  assert.equal((await send('POST', body)).statusCode, 200);
  const anew = await ask(url, tag);
  assert.equal(anew.statusCode, 200);
  assert.notEqual(anew.headers.etag, tag);
});

test('when an answer was made is no part of its tag, what it says is', () => {
  const body = (as_of: string, rows: string): string => `{"from":"a","as_of":"${as_of}","rows":["${rows}"]}`;
  assert.equal(tagOf(body('1', 'x')), tagOf(body('2', 'x')));
  assert.notEqual(tagOf(body('1', 'x')), tagOf(body('1', 'y')));
});
