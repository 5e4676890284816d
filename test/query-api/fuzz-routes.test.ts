/** Every route of the OpenAPI document with hostile paths, parameters and bodies. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { makeCall } from '../support/rows.ts';
import { type Answer, type Harness, startHarness } from './support/harness.ts';
import { HOSTILE_TEXTS } from './support/hostile.ts';
import { ask, keyFor, pathOf, type Route, routesOf } from './support/routes.ts';

let harness: Harness;
let routes: Route[];
before(async () => {
  harness = await startHarness();
  await harness.insertCalls([makeCall({ project: 'shop', user_id: 'ann' })]);
  routes = await routesOf(harness.app);
});
after(() => harness.stop());

const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string(),
);
const plausible = fc.constantFrom(
  ...['now', 'now-1d', '2026-01-01', '5', '0', '1', 'ok', '', '!x', 'variant:canary', 'model:a,variant:b'],
  ...['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331', 'ab'.repeat(32), 'WzEsInh4Il0', '1.5'],
  ...['accuracy', '-0.5', '1e-3', '429'],
);
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

function decodedText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function assertProblemOrAnswer(answer: Answer, what: string): void {
  if (answer.status === 200) return;
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} for ${what}: ${answer.text}`);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, what);
  assert.ok(answer.json.detail, what);
  assert.doesNotMatch(answer.text, /DB::Exception|at .*\.ts:\d/, what);
  // A problem says what it was asked, so SQL that was sent comes back; none of ours may.
  if (!/select/i.test(decodedText(what))) assert.doesNotMatch(answer.text, /SELECT/, what);
}

/** A route by its number, so that shrinking stays with it. */
const routeOf = (from: Route[], number: number): Route => from[number % from.length]!;

test('whatever the parameters are, the answer is 200 or a problem that is the asker’s', async () => {
  const reading = routes.filter(({ method }) => method === 'get');
  const pairs = fc.array(fc.tuple(fc.nat(), fc.oneof(plausible, hostile)), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.nat(), pairs, async (number, pairs) => {
      const route = routeOf(reading, number);
      const names = [...route.parameters.filter((one) => one.in === 'query').map(({ name }) => name), 'x'];
      const query = pairs.map(([at, value]) => `${names[at % names.length]}=${encoded(value)}`).join('&');
      const url = `${pathOf(route)}?${query}`;
      assertProblemOrAnswer(await ask(harness.app, route, url, keyFor(route)), url);
    }),
    { numRuns: 400 },
  );
});

test('whatever stands in a path, the answer is 200 or a problem', async () => {
  const placed = routes.filter(({ path }) => path.includes('{'));
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.oneof(hostile, plausible), fc.boolean(), async (number, text, escaped) => {
      const route = routeOf(placed, number);
      const inPath = escaped ? encoded(text) : text.replace(/[^!-~]|[?#]/g, '%');
      const url = route.path.replace(/\{\w+\}/g, () => inPath);
      assertProblemOrAnswer(await ask(harness.app, route, url, keyFor(route)), url);
    }),
    { numRuns: 200 },
  );
});

test('whatever the body is, the answer is 200 or a problem', async () => {
  const posting = routes.filter(({ method }) => method === 'post');
  const names = fc.constantFrom(
    ...[
      'trace_id',
      'span_id',
      'response_hash',
      'name',
      'value',
      'source',
      'time',
      'label',
      'config',
      'route',
    ],
    ...[
      'canary',
      'criteria',
      'from',
      'to',
      'filters',
      'default_model',
      'model',
      'query',
      '__proto__',
      'toString',
    ],
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(hostile, plausible, fc.double(), fc.boolean(), fc.constant(null)),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(names, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const body = fc.oneof(value, fc.dictionary(names, value, { maxKeys: 6 }));
  const text = fc.oneof(
    { weight: 4, arbitrary: body.map((json) => JSON.stringify(json) ?? '') },
    { weight: 1, arbitrary: fc.string() },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', '{', '[', '"\\ud800"', '1e999', '['.repeat(100_000), '{"__proto__":1}'),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(), text, async (number, text) => {
      const route = routeOf(posting, number);
      assertProblemOrAnswer(
        await ask(harness.app, route, route.path, keyFor(route), text),
        `${route.path} ${text.slice(0, 300)}`,
      );
    }),
    { numRuns: 400 },
  );
});

test('nothing of it has done any harm', async () => {
  const { rows } = await harness.writer.query<{ calls: number }>(
    "SELECT count() AS calls FROM plumbline.calls FINAL WHERE project = 'shop'",
  );
  assert.equal(Number(rows[0]!.calls), 1);
});
