import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { FORMATS } from '../../query-api/formats.ts';
import { INTERVALS, ROLLUP_PARAMETERS } from '../../query-api/parameters/rollup-request.ts';
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import { METRIC_NAMES } from '../../schemas/queries/metrics.ts';
import { makeCall } from '../support/rows.ts';
import { get, type Harness, rowsOf, startHarness } from './support/harness.ts';
import { HOSTILE_TEXTS } from './support/hostile.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls([
    makeCall({ project: 'shop', slices: ['short'], user_id: 'ann' }),
    makeCall({ project: 'other' }),
  ]);
});
after(() => harness.stop());

const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string(),
);
const plausible = fc.oneof(
  fc.constantFrom<string>(...METRIC_NAMES, ...DIMENSION_NAMES, ...FORMATS, ...INTERVALS, 'time', '-calls'),
  fc.constantFrom('now', 'now-1d', 'now/d', '2026-01-01', '1767225600000', '5', 'ok', 'error', '', 'short'),
);
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ROLLUP_PARAMETERS) },
  { weight: 1, arbitrary: hostile },
);
const pairs = fc.array(fc.tuple(name, fc.oneof(plausible, hostile)), { maxLength: 4 });
const path = fc.constantFrom('/v1/rollups', '/v1/latency', '/v1/cost', '/v1/errors', '/v1/status');

async function assertAnswered(url: string): Promise<void> {
  const { status, headers, text } = await get(harness.app, url);
  if (status === 200) return;
  assert.ok(status >= 400 && status < 500, `${status} for ${url}: ${text}`);
  assert.match(String(headers['content-type']), /^application\/problem\+json/, url);
}

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

test('whatever is asked, the answer is 200 or a problem that is the asker’s', async () => {
  await fc.assert(
    fc.asyncProperty(path, pairs, (path, pairs) =>
      assertAnswered(
        `${path}?${pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')}`,
      ),
    ),
    { numRuns: 150 },
  );
});

test('query strings that are not well-formed are answered as well', async () => {
  const raw = fc.string({ maxLength: 60 }).map((text) => text.replace(/[\0-\x20#\x7f-\uffff]/g, '%'));
  await fc.assert(
    fc.asyncProperty(path, raw, (path, query) => assertAnswered(`${path}?${query}`)),
    { numRuns: 100 },
  );
});

test('a filter takes any text as a value: nothing is found, nothing breaks, nobody else is seen', async () => {
  for (const value of HOSTILE_TEXTS) {
    for (const dimension of ['model', 'slice', 'user_id'] as const) {
      const url = `/v1/rollups?from=now-3d&metrics=calls&group_by=service&${dimension}=${encoded(value)}`;
      const rows = await rowsOf(harness.app, url);
      // What begins with an exclamation mark is a negation, and what is not there is not excluded.
      assert.deepEqual(rows, value.startsWith('!') ? [{ service: 'checkout', calls: 1 }] : [], url);
    }
  }
  const [row] = await rowsOf(harness.app, '/v1/rollups?from=now-3d&metrics=calls');
  assert.equal(row!.calls, 1, 'the table is still there');
});

test('a call is found by every text that its fields can hold', async () => {
  const texts = HOSTILE_TEXTS.filter((text) => !text.startsWith('!')).map((text) => text.toWellFormed());
  await harness.insertCalls(
    texts.map((text) => makeCall({ project: 'shop', service: 'odd', model: text, slices: [text] })),
  );
  for (const text of texts) {
    for (const dimension of ['model', 'slice']) {
      const url = `/v1/rollups?from=now-3d&metrics=calls&group_by=model&service=odd&${dimension}=${encoded(text)}`;
      assert.deepEqual(await rowsOf(harness.app, url), [{ model: text, calls: 1 }], url);
    }
  }
});
