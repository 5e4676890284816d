/** Answers from rollups against answers from the calls: the same numbers, and percentiles within what they promise. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { settleDue } from '../../ingest/settle/settle-hours.ts';
import { METRIC_NAMES, metricOf } from '../../schemas/queries/metrics.ts';
import { CLOCK_GRAIN_MS } from '../../schemas/queries/settling/times.ts';
import { DATA_FROM_MS, DATA_TO_MS, makeDataset } from './support/dataset.ts';
import { get, type Harness, startHarness } from './support/harness.ts';

const HOUR_MS = 3_600_000;
const METRICS = METRIC_NAMES.filter((name) => name !== 'score_avg');
const BY_SLICE = METRICS.filter((name) => name !== 'error_share');
const window = (from_ms = DATA_FROM_MS, to_ms = DATA_TO_MS): string =>
  `from=${from_ms}&to=${to_ms}&limit=1000`;

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls(makeDataset('shop', 3_000, 42).sent);
  await sleep(CLOCK_GRAIN_MS + 100);
  const store = { warehouse: harness.writer, database: 'plumbline', calls_days: 90, now: Date.now };
  // Seven of the ten hours: what is left is read from the calls.
  assert.equal((await settleDue(store)).settled, 10);
  const open = [7, 8, 9].map((hour) => DATA_FROM_MS / HOUR_MS + hour);
  await harness.writer.command(
    `INSERT INTO plumbline.settled (project, hour, version, watermark) SELECT 'shop', arrayJoin([${open}]), 0, now64(3) + 1`,
  );
});
after(() => harness.stop());

async function answer(url: string) {
  const { status, json, text } = await get(harness.app, url);
  assert.equal(status, 200, text);
  return json as { quantiles: string; rows: Record<string, string | number | null>[] };
}

function assertNear(name: string, sketched: unknown, exact: unknown): void {
  if (typeof sketched !== 'number' || typeof exact !== 'number') {
    assert.equal(sketched, exact, name);
    return;
  }
  const isPercentile = METRICS.includes(name as never) && metricOf(name as never).is_percentile === true;
  const most = Math.abs(exact) * (isPercentile ? 0.01 : 1e-9);
  assert.ok(Math.abs(sketched - exact) <= most, `${name}: ${sketched}, exactly ${exact}`);
}

async function assertSketches(question: string, metrics: readonly string[] = METRICS): Promise<void> {
  const url = `/v1/rollups?${question}&metrics=${metrics}`;
  const [exact, sketch] = [await answer(`${url}&quantiles=exact`), await answer(`${url}&quantiles=sketch`)];
  assert.equal(exact.quantiles, 'exact');
  assert.equal(sketch.quantiles, 'sketch(0.01)', question);
  assert.ok(exact.rows.length > 0);
  const key = (row: Record<string, unknown>): string =>
    JSON.stringify(Object.entries(row).filter(([name]) => !metrics.includes(name)));
  const byKey = new Map(sketch.rows.map((row) => [key(row), row]));
  assert.equal(sketch.rows.length, exact.rows.length, question);
  for (const row of exact.rows) {
    for (const [name, value] of Object.entries(row)) assertNear(name, byKey.get(key(row))?.[name], value);
  }
}

const questions: [string, string, (readonly string[])?][] = [
  ['in total', window()],
  ['by model and hour', `${window()}&group_by=model&interval=1h`],
  ['by error type, in intervals of six hours', `${window()}&group_by=error_type&interval=6h`],
  ['of failed calls', `${window()}&group_by=model&status=error`],
  ['with filters', `${window()}&group_by=service,environment&model=!embed-2&variant=canary&variant=`],
  ['by slice', `${window()}&group_by=slice&interval=1h`, BY_SLICE],
  ['by slice, of some slices', `${window()}&group_by=slice,model&slice=!noisy`, BY_SLICE],
  ['of one slice', `${window()}&group_by=model&slice=noisy`],
  ['of a window that cuts hours', window(DATA_FROM_MS + 1_234_567, DATA_TO_MS - 2_345_678)],
  [
    'of settled hours alone',
    `${window(DATA_FROM_MS, DATA_FROM_MS + 6 * HOUR_MS)}&group_by=model,request_type`,
  ],
];
for (const [name, question, metrics] of questions) {
  test(`rollups say what the calls say: ${name}`, () => assertSketches(question, metrics));
}

test('what rollups do not know is answered from the calls, and says so', async () => {
  const asked = [
    'group_by=user_id',
    'interval=5m',
    'finish_reason=stop',
    'slice=noisy&slice=short',
    'group_by=slice&metrics=error_share,latency_p95_ms',
  ];
  for (const more of asked) {
    const { quantiles } = await answer(`/v1/latency?${window()}&quantiles=sketch&${more}`);
    assert.equal(quantiles, 'exact', more);
  }
});

test('without percentiles every answer is exact; auto is exact for few calls, and from rollups beyond retention', async () => {
  const url = `/v1/cost?${window()}`;
  assert.equal((await answer(`${url}&quantiles=sketch`)).quantiles, 'exact');
  assert.equal((await answer(`/v1/latency?${window()}`)).quantiles, 'exact');
  assert.equal((await answer('/v1/latency?from=now-200d')).quantiles, 'sketch(0.01)');
});

test('other formats come from rollups too', async () => {
  const csv = await get(harness.app, `/v1/latency?${window()}&quantiles=sketch&format=csv`);
  assert.equal(csv.headers['x-plumbline-quantiles'], 'sketch(0.01)');
  const parquet = await get(harness.app, `/v1/latency?${window()}&quantiles=sketch&format=parquet`);
  assert.equal(parquet.status, 200, parquet.text);
  assert.equal(parquet.raw.subarray(0, 4).toString(), 'PAR1');
});
