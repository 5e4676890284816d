import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { tagOf } from '../../query-api/caching.ts';
import { makeCall } from '../support/rows.ts';
import { type Harness, SHOP_KEY, startHarness } from './support/harness.ts';

let harness: Harness;
before(async () => {
  // Noon, so that the day before is over for more than an hour.
  const noon_ms = Math.floor(Date.now() / 86_400_000) * 86_400_000 + 43_200_000;
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
    await harness.insertCalls([makeCall({ project: 'shop', model: `late-${url}` })]);
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
  ]) {
    const { headers } = await ask(url);
    assert.deepEqual([headers['cache-control'], headers.etag], ['no-store', undefined], url);
  }
});

test('when an answer was made is no part of its tag, what it says is', () => {
  const body = (as_of: string, rows: string): string => `{"from":"a","as_of":"${as_of}","rows":["${rows}"]}`;
  assert.equal(tagOf(body('1', 'x')), tagOf(body('2', 'x')));
  assert.notEqual(tagOf(body('1', 'x')), tagOf(body('1', 'y')));
});
