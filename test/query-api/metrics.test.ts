import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import { METRIC_NAMES } from '../../schemas/queries/metrics.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { DATA_FROM_MS, DATA_TO_MS, makeDataset } from './support/dataset.ts';
import { type Harness, OTHER_KEY, rowsOf, startHarness } from './support/harness.ts';
import { percentile, type ReferenceQuery, referenceRows, type Value } from './support/reference.ts';

const WINDOW = `from=${DATA_FROM_MS}&to=${DATA_TO_MS}&limit=1000`;
const METRICS = METRIC_NAMES.filter((name) => name !== 'score_avg');
const shop = makeDataset('shop', 3_000, 20_261);
const other = makeDataset('other', 300, 7);

let harness: Harness;
before(async () => {
  harness = await startHarness();
  const sent = [...shop.sent, ...other.sent];
  // In several inserts, so that versions of a call meet across parts.
  for (let at = 0; at < sent.length; at += 1_000) await harness.insertCalls(sent.slice(at, at + 1_000));
});
after(() => harness.stop());

function assertNear(actual: Value, expected: Value, what: string): void {
  if (actual === null || expected === null) {
    assert.equal(actual, expected, what);
    return;
  }
  const tolerance = Math.max(1e-12, Math.abs(expected) * 1e-9);
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`);
}

async function assertAnswers(url: string, query: ReferenceQuery, key?: string): Promise<void> {
  const rows = await rowsOf(harness.app, `${url}&metrics=${METRICS}&group_by=${query.group_by}`, key);
  const expected = referenceRows(query);
  assert.equal(rows.length, expected.size, url);
  for (const row of rows) {
    const keys = [...(query.interval_ms ? ['time'] : []), ...query.group_by];
    const id = JSON.stringify(Object.fromEntries(keys.map((name) => [name, row[name]])));
    const wanted = expected.get(id);
    assert.ok(wanted, `${url}: no ${id} expected`);
    for (const metric of METRICS) {
      assertNear(row[metric] as Value, wanted[metric] as Value, `${url} ${id} ${metric}`);
    }
  }
}

test('every metric is right in total, duplicates and older versions notwithstanding', async () => {
  await assertAnswers(`/v1/rollups?${WINDOW}`, { calls: shop.counted, group_by: [] });
});

for (const dimension of DIMENSION_NAMES) {
  test(`every metric is right by ${dimension}`, async () => {
    await assertAnswers(`/v1/rollups?${WINDOW}`, { calls: shop.counted, group_by: [dimension] });
  });
}

test('every metric is right by several dimensions and an interval at once', async () => {
  await assertAnswers(`/v1/rollups?${WINDOW}&interval=1h`, {
    calls: shop.counted,
    group_by: ['environment', 'error_type'],
    interval_ms: 3_600_000,
  });
  await assertAnswers(`/v1/rollups?${WINDOW}&interval=6h`, {
    calls: shop.counted,
    group_by: ['slice', 'status', 'model'],
    interval_ms: 21_600_000,
  });
});

test('the other project has its own numbers', async () => {
  await assertAnswers(`/v1/rollups?${WINDOW}`, { calls: other.counted, group_by: ['model'] }, OTHER_KEY);
});

const filterCases: [string, (call: CallRow) => boolean][] = [
  ['model=embed-2', ({ model }) => model === 'embed-2'],
  ['model=embed-2&model=candidate-xl', ({ model }) => model === 'embed-2' || model === 'candidate-xl'],
  ['model=!embed-2&model=!candidate-xl', ({ model }) => !['embed-2', 'candidate-xl'].includes(model)],
  ['service=', ({ service }) => service === ''],
  ['service=!', ({ service }) => service !== ''],
  [
    'variant=canary&environment=staging',
    (call) => call.variant === 'canary' && call.environment === 'staging',
  ],
  ['slice=noisy', ({ slices }) => slices.includes('noisy')],
  ['slice=noisy&slice=short', ({ slices }) => slices.includes('noisy') || slices.includes('short')],
  ['slice=!noisy', ({ slices }) => !slices.includes('noisy')],
  ['slice=', ({ slices }) => slices.length === 0],
  [`slice=${encodeURIComponent('it\'s, "quoted"\n')}`, ({ slices }) => slices.some((s) => s.includes('\n'))],
  ['user_id=ann', ({ user_id }) => user_id === 'ann'],
];

for (const [filter, matches] of filterCases) {
  test(`${filter} selects what it says`, async () => {
    const calls = shop.counted.filter(matches);
    assert.ok(calls.length > 0 && calls.length < shop.counted.length);
    await assertAnswers(`/v1/rollups?${WINDOW}&${filter}`, { calls, group_by: ['model'] });
  });
}

test('rates divide by all calls when calls are filtered by how they ended', async () => {
  const query = { calls: shop.counted, group_by: ['model'] };
  await assertAnswers(`/v1/rollups?${WINDOW}&status=error`, {
    ...query,
    selected: ({ status }) => status === 'error',
  });
  await assertAnswers(`/v1/rollups?${WINDOW}&error_type=timeout`, {
    ...query,
    selected: ({ error_type }) => error_type === 'timeout',
  });
  await assertAnswers(`/v1/errors?${WINDOW}`, {
    calls: shop.counted,
    group_by: ['error_type'],
    selected: ({ status }) => status === 'error',
  });
});

test('grouped by slice, a filter on slices shows those slices only', async () => {
  const rows = await rowsOf(harness.app, `/v1/rollups?${WINDOW}&group_by=slice&slice=noisy&metrics=calls`);
  const calls = shop.counted.filter(({ slices }) => slices.includes('noisy')).length;
  assert.deepEqual(rows, [{ slice: 'noisy', calls }]);
});

test('shares of error types add up to one, and their rates to the error rate', async () => {
  const byType = await rowsOf(harness.app, `/v1/errors?${WINDOW}`);
  const [total] = await rowsOf(harness.app, `/v1/rollups?${WINDOW}&metrics=error_rate,errors`);
  const sumOf = (name: string): number => byType.reduce((sum, row) => sum + Number(row[name]), 0);
  assertNear(sumOf('error_share'), 1, 'shares');
  assertNear(sumOf('error_rate'), total!.error_rate as number, 'rates');
  assert.equal(sumOf('errors'), total!.errors);
});

test('percentiles are those of numpy', () => {
  // numpy.percentile([...], [50, 90, 95, 99]) of numpy 2.4.6
  const values = [12.5, 3, 250.25, 81, 47, 1000, 5.5];
  const expected = [47.0, 550.1500000000003, 775.0749999999995, 955.0149999999996];
  for (const [index, level] of [0.5, 0.9, 0.95, 0.99].entries()) {
    assertNear(percentile(values, level), expected[index]!, `p${level * 100}`);
  }
});

test('without any call there is one row of nulls in total, and none by group', async () => {
  const empty = 'from=2001-01-01&to=2001-01-02';
  const [row] = await rowsOf(harness.app, `/v1/rollups?${empty}&metrics=${METRICS}`);
  const counts = ['calls', 'errors', 'unpriced_calls'];
  for (const metric of METRICS) assert.equal(row![metric], counts.includes(metric) ? 0 : null, metric);
  assert.deepEqual(await rowsOf(harness.app, `/v1/latency?${empty}`), []);
  assert.deepEqual(await rowsOf(harness.app, `/v1/rollups?${empty}&interval=1h`), []);
});
