/** Whatever is asked of comparisons, gates and snapshots: never a 5xx, never SQL, never another project's calls. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { COMPARE_PARAMETERS } from '../../query-api/compare/compare-request.ts';
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import { makeCall } from '../support/rows.ts';
import { type Answer, get, type Harness, post, SHOP_KEY, startHarness } from './support/harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls([makeCall({ project: 'shop' }), makeCall({ project: 'other' })]);
});
after(() => harness.stop());

const INJECTIONS = [
  "' OR 1=1 --",
  "x' UNION ALL SELECT password FROM system.users --",
  "\\' OR project != \\'shop",
  '{p1:String}',
  "') SETTINGS readonly=0 --",
  '\0\u0001',
  '\ud800',
  '1e999',
  '!',
  ',',
  ':',
  '::',
  'model:',
  ':model',
  '__proto__',
];
const text = fc.oneof(fc.constantFrom(...INJECTIONS), fc.string({ unit: 'binary', maxLength: 30 }));
const selector = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...DIMENSION_NAMES), text).map(([name, value]) => `${name}:${value}`),
  },
  { weight: 1, arbitrary: text },
);
const encoded = (value: string): string => encodeURIComponent(value.toWellFormed());

function assertAnswered({ status, headers, text: body }: Answer, what: string): void {
  if (status === 200) return;
  assert.ok(status >= 400 && status < 500, `${status} for ${what}: ${body}`);
  assert.match(String(headers['content-type']), /^application\/problem\+json/, what);
}

test('any selectors, filters and windows of a comparison', async () => {
  const more = fc.array(
    fc.tuple(
      fc.constantFrom(...COMPARE_PARAMETERS),
      fc.oneof(text, selector, fc.constantFrom('now', 'now-1d', 'csv')),
    ),
    { maxLength: 2 },
  );
  await fc.assert(
    fc.asyncProperty(selector, selector, more, async (baseline, candidate, pairs) => {
      const all = [['baseline', baseline], ['candidate', candidate], ...pairs] as [string, string][];
      const url = `/v1/compare?${all.map(([name, value]) => `${name}=${encoded(value)}`).join('&')}`;
      assertAnswered(await get(harness.app, url), url);
    }),
    { numRuns: 120 },
  );
});

test('a selector takes any text as a value, and finds nobody else’s calls', async () => {
  for (const value of INJECTIONS) {
    if (value.includes(',') || value.startsWith('!')) continue;
    const url = `/v1/compare?from=now-3d&baseline=model:${encoded(value)}&candidate=service:checkout`;
    const { status, json } = await get(harness.app, url);
    assert.equal(status, 200, url);
    assert.deepEqual([json.baseline.calls, json.candidates[0].calls], [0, 1], url);
  }
});

test('any criterion and any body of a gate', async () => {
  const criterion = fc.oneof(
    text,
    fc
      .tuple(
        fc.oneof(
          fc.constantFrom('latency', 'cost', 'accuracy', 'error_rate', 'ttft_p95_ms', 'score:x'),
          text,
        ),
        fc.constantFrom('', '_delta', '_ratio'),
        fc.constantFrom('<', '<=', '>', '>=', '='),
        fc.oneof(fc.double().map(String), fc.constantFrom('0', '0.5', '-0.1', '1e3')),
      )
      .map((parts) => parts.join('')),
  );
  const body = fc.record(
    {
      config: fc.record({
        route: fc.record({
          default_model: fc.oneof(text, fc.constant('small-chat-v1')),
          canary: fc.record({ model: text, criteria: fc.array(criterion, { minLength: 1, maxLength: 3 }) }),
        }),
      }),
      from: fc.oneof(text, fc.constant('now-3d'), fc.integer()),
      filters: fc.dictionary(
        fc.oneof(fc.constantFrom(...DIMENSION_NAMES), text),
        fc.oneof(text, fc.array(text)),
      ),
      min_calls: fc.oneof(fc.integer(), fc.constant(1)),
    },
    { requiredKeys: ['config'] },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 4, arbitrary: body }, { weight: 1, arbitrary: fc.jsonValue() }),
      async (sent) => {
        const payload = JSON.stringify(sent);
        assertAnswered(await post(harness.app, '/v1/gates/evaluate', payload, SHOP_KEY), payload);
      },
    ),
    { numRuns: 120 },
  );
});

test('any name and query of a snapshot', async () => {
  const body = fc.record({
    name: fc.oneof(
      text,
      fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), minLength: 1, maxLength: 8 }),
    ),
    query: fc.oneof(text, fc.constant('baseline=model:a&candidate=model:b'), fc.dictionary(text, text)),
  });
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      assertAnswered(await post(harness.app, '/v1/snapshots', sent, SHOP_KEY), JSON.stringify(sent));
      const url = `/v1/snapshots/${encoded(sent.name)}`;
      assertAnswered(await get(harness.app, url), url);
    }),
    { numRuns: 60 },
  );
});
