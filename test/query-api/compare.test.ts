import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CALL_STATUSES, type CallRow } from '../../schemas/record/calls.ts';
import { makeCall, makeScore } from '../support/rows.ts';
import { DATA_FROM_MS, DATA_TO_MS, makeDataset } from './support/dataset.ts';
import { get, type Harness, OTHER_KEY, rowsOf, startHarness } from './support/harness.ts';

type Row = Record<string, unknown> & { interval: [number, number] | null };

const WINDOW = `from=${DATA_FROM_MS}&to=${DATA_TO_MS}`;
const ARMS = 'baseline=model:small-chat-v1&candidate=model:candidate-xl';
let harness: Harness;
let counted: CallRow[];

before(async () => {
  harness = await startHarness();
  const shop = makeDataset('shop', 2_000, 1);
  const other = makeDataset('other', 500, 2);
  counted = shop.counted;
  await harness.insertCalls([...shop.sent, ...other.sent]);
  const scored = counted.filter(({ model }) => model === 'candidate-xl').slice(0, 60);
  await harness.insertScores(
    scored.map(({ trace_id, span_id }, index) =>
      makeScore({ project: 'shop', trace_id, span_id, name: 'accuracy', value: index % 4 === 0 ? 0 : 1 }),
    ),
  );
});
after(() => harness.stop());

async function compare(query: string, key?: string) {
  const { status, json, text } = await get(harness.app, `/v1/compare?${query}`, key);
  assert.equal(status, 200, text);
  return json;
}

const rowOf = (rows: Row[], metric: string, role: string, slice?: string): Row =>
  rows.find(
    (row) =>
      row.metric === metric &&
      row.role === role &&
      (slice === undefined ? row.level === 'overall' : row.slice === slice),
  )!;

/** Rollups name the same figures otherwise only where they are the matrix's own. */
const ROLLED_UP = [
  'latency_p95_ms',
  'ttft_p95_ms',
  'cost_per_1k_tokens_usd',
  'error_rate',
  'uptime',
  'context_used_p95',
];

const near = (actual: unknown, expected: unknown, what: string): void => {
  if (expected === null || actual === null) {
    assert.equal(actual, expected, what);
    return;
  }
  const [a, b] = [Number(actual), Number(expected)];
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${what}: ${a} is not ${b}`);
};

test('every value of the matrix is the one that rollups answer, overall and by slice, with its filters', async () => {
  for (const filter of ['', '&status=ok', '&service=search&environment=!staging', '&slice=noisy']) {
    const { rows, slices } = await compare(`${ARMS}&${WINDOW}${filter}`);
    for (const [role, model] of [
      ['baseline', 'small-chat-v1'],
      ['candidate', 'candidate-xl'],
    ] as const) {
      const url = `/v1/rollups?${WINDOW}&model=${model}${filter}&metrics=${ROLLED_UP.join(',')}`;
      const [overall] = await rowsOf(harness.app, url);
      const bySlice = await rowsOf(harness.app, `${url}&group_by=slice`);
      for (const metric of ROLLED_UP) {
        near(rowOf(rows, metric, role).value, overall![metric], `${metric} of ${role}${filter}`);
        for (const slice of slices) {
          const expected = bySlice.find((row) => row.slice === slice)![metric];
          near(rowOf(rows, metric, role, slice).value, expected, `${metric} in ${slice}${filter}`);
        }
      }
    }
  }
});

test('intervals hold their value, differences and ratios are of the two values, and a baseline has none', async () => {
  const { rows, metrics } = await compare(`${ARMS}&candidate=model:embed-2&${WINDOW}`);
  for (const row of rows as Row[]) {
    if (row.interval) {
      assert.ok(row.interval[0] <= (row.value as number) && (row.value as number) <= row.interval[1]);
    } else assert.ok(row.reason, JSON.stringify(row));
    if (row.role === 'baseline') {
      assert.equal(row.difference, null);
      continue;
    }
    const baseline = rows.find(
      (other: Row) =>
        other.role === 'baseline' &&
        other.metric === row.metric &&
        other.slice === row.slice &&
        other.level === row.level,
    );
    if (row.value === null || baseline.value === null) continue;
    near(row.difference, (row.value as number) - baseline.value, 'difference');
    const ends = row.difference_interval as [number, number] | null;
    if (ends) assert.ok(ends[0] <= (row.difference as number) && (row.difference as number) <= ends[1]);
  }
  assert.equal(rows.filter((row: Row) => row.level === 'overall').length, 3 * metrics.length);
});

test('too little says so: no value without calls, no interval without enough of them, never a 0', async () => {
  const { rows, warnings } = await compare(
    `${ARMS}&candidate=model:nobody&${WINDOW}&score=accuracy&score=unheard-of`,
  );
  const nobody = (rows as Row[]).filter(({ arm }) => arm === 'model:nobody');
  for (const { value, interval, difference, n, reason } of nobody) {
    assert.deepEqual(
      { value, interval, difference, n },
      { value: null, interval: null, difference: null, n: 0 },
    );
    assert.ok(reason);
  }
  assert.ok(warnings.includes("'model:nobody' has no calls in its window."));
  const scored = rowOf(rows, 'score:accuracy', 'candidate');
  assert.deepEqual([scored.value, scored.n, scored.difference], [0.75, 60, null]);
  assert.match(String(scored.reason), /baseline: no call has a value/);
  const few = await compare(`${ARMS}&${WINDOW}&conversation_id=c-1&user_id=ann&request_type=answer&variant=`);
  const row = rowOf(few.rows, 'latency_p95_ms', 'candidate');
  assert.ok((row.n as number) > 0 && (row.n as number) < 72);
  assert.equal(row.interval, null);
  assert.match(String(row.reason), /needs 72 calls/);
});

test('arms with other traffic are told apart, and the candidate is weighted to the baseline’s mix', async () => {
  // Of one kind both are alike; the candidate has more of the slow kind.
  const call = (model: string, request_type: string, duration_ms: number, failed: boolean) =>
    makeCall({
      project: 'shop',
      service: 'mixed',
      model,
      request_type,
      duration_ms,
      status: CALL_STATUSES[failed ? 1 : 0],
      error_type: failed ? 'timeout' : '',
    });
  const calls = (model: string, fast: number, slow: number) => [
    ...Array.from({ length: fast }, (_, index) => call(model, 'fast', 100 + (index % 50), index % 20 === 0)),
    ...Array.from({ length: slow }, (_, index) => call(model, 'slow', 900 + (index % 50), index % 5 === 0)),
  ];
  await harness.insertCalls([...calls('a', 800, 200), ...calls('b', 200, 800)]);
  const { rows, candidates, warnings } = await compare(
    'baseline=model:a&candidate=model:b&service=mixed&from=now-3d',
  );
  const [candidate] = candidates;
  const byType = candidate.comparability.find(({ dimension }: Row) => dimension === 'request_type');
  near(byType.distance, 0.6, 'distance');
  assert.ok(byType.differs && byType.by_chance < 0.05);
  assert.ok(warnings.some((text: string) => text.includes('request_type')));
  near(rowOf(rows, 'error_rate', 'candidate').value, 0.17, 'as it is');
  assert.deepEqual(candidate.matched.on, ['request_type']);
  assert.deepEqual([candidate.matched.baseline_share, candidate.matched.candidate_share], [1, 1]);
  const matched = (metric: string) => rowOf(candidate.matched.rows, metric, 'candidate');
  near(matched('error_rate').value, 0.08, 'matched');
  near(matched('error_rate').difference, 0, 'matched');
  const { difference_interval } = matched('latency_p95_ms') as Row & {
    difference_interval: [number, number];
  };
  assert.ok(difference_interval[0] <= 0 && difference_interval[1] >= 0, String(difference_interval));
  assert.ok((rowOf(rows, 'latency_p95_ms', 'candidate').value as number) > 900);
});

test('each arm may have its own window, and a dimension that the selectors name is no difference of traffic', async () => {
  const middle = (DATA_FROM_MS + DATA_TO_MS) / 2;
  const { baseline, candidates } = await compare(
    `baseline=service:search&candidate=service:search,variant:!canary&to=${DATA_TO_MS}&baseline_from=${DATA_FROM_MS}&baseline_to=${middle}&candidate_from=${middle}`,
  );
  const inWindow = (from: number, to: number) =>
    counted.filter(
      ({ service, started_at }) =>
        service === 'search' && started_at >= from * 1_000 && started_at < to * 1_000,
    );
  assert.equal(baseline.calls, inWindow(DATA_FROM_MS, middle).length);
  const late = inWindow(middle, DATA_TO_MS).filter(({ variant }) => variant !== 'canary');
  assert.equal(candidates[0].calls, late.length);
  assert.equal(baseline.to, candidates[0].from);
  const dimensions = candidates[0].comparability.map(({ dimension }: Row) => dimension);
  assert.deepEqual(dimensions, ['request_type', 'prompt_size', 'hour']);
});

test('calls that are in both arms are counted and warned of', async () => {
  const { candidates, warnings } = await compare(
    `baseline=service:search&candidate=service:search,variant:canary&${WINDOW}`,
  );
  assert.equal(candidates[0].shared_calls, candidates[0].calls);
  assert.ok(warnings.some((text: string) => text.includes('are in the baseline as well')));
});

test('CSV and JSON lines hold the matrix', async () => {
  const { rows } = await compare(`${ARMS}&${WINDOW}`);
  const lines = await get(harness.app, `/v1/compare?${ARMS}&${WINDOW}&format=jsonl`);
  const flat = lines.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(flat.length, rows.length);
  assert.deepEqual(
    flat.map(({ value, value_low }) => [value, value_low]),
    rows.map(({ value, interval }: Row) => [value, interval?.[0] ?? null]),
  );
  const csv = await get(harness.app, `/v1/compare?${ARMS}&${WINDOW}&format=csv`);
  assert.match(String(csv.headers['content-type']), /^text\/csv/);
  assert.equal(csv.text.split('\r\n')[0], Object.keys(flat[0]).join(','));
  assert.ok(csv.headers['x-plumbline-as-of']);
});

test('of many slices those of most calls in all arms have rows, and the others are counted', async () => {
  const from_ms = Date.now() - 3 * 86_400_000;
  const calls = ['a', 'b'].flatMap((model) =>
    Array.from({ length: 23 }, (_, slice) =>
      // What is large in one arm is small in the other, so neither alone decides.
      Array.from({ length: model === 'a' ? 1 + slice : 24 + (slice % 3) * 3 - slice }, (_, n) =>
        makeCall({
          project: 'shop',
          service: 'sliced',
          model,
          slices: [`slice-${String(slice).padStart(2, '0')}`],
          duration_ms: 100 + n,
        }),
      ),
    ).flat(),
  );
  await harness.insertCalls([...calls, makeCall({ project: 'shop', service: 'sliced', model: 'a' })]);
  const { rows, slices, slices_left_out, candidates } = await compare(
    `baseline=model:a&candidate=model:b&service=sliced&from=${from_ms}`,
  );
  const sizes = new Map<string, number>();
  for (const call of calls) {
    const [slice] = call.slices as [string];
    sizes.set(slice, (sizes.get(slice) ?? 0) + 1);
  }
  const largest = [...sizes].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
  assert.deepEqual(slices, largest.slice(0, 20));
  assert.equal(slices_left_out, 3);
  for (const slice of largest) {
    for (const [role, model] of [
      ['baseline', 'a'],
      ['candidate', 'b'],
    ] as const) {
      const own = calls.filter((call) => call.model === model && (call.slices as string[])[0] === slice);
      assert.equal(
        rowOf(rows, 'error_rate', role, slice)?.n,
        slices.includes(slice) ? own.length : undefined,
      );
    }
  }
  assert.ok(candidates[0].comparability.length > 0);
});

test('a key sees its own project alone', async () => {
  const { baseline, rows } = await compare(`${ARMS}&${WINDOW}`, OTHER_KEY);
  const [other] = await rowsOf(
    harness.app,
    `/v1/rollups?${WINDOW}&model=small-chat-v1&metrics=calls`,
    OTHER_KEY,
  );
  assert.equal(baseline.calls, other!.calls);
  assert.ok(baseline.calls < 500 && baseline.calls > 0);
  assert.equal(rowOf(rows, 'error_rate', 'baseline').n, other!.calls);
});

const FAULTS: readonly [query: string, parameter: string, nearest?: string][] = [
  ['candidate=model:a', 'baseline'],
  ['baseline=model:a', 'candidate'],
  ['baseline=&candidate=model:a', 'baseline'],
  ['baseline=model:a&baseline=model:b&candidate=model:c', 'baseline'],
  [`baseline=model:a${'&candidate=model:'.repeat(5).replace(/:/g, (_, at) => `:${at}`)}`, 'candidate'],
  ['baseline=model&candidate=model:a', 'baseline'],
  ['baseline=modle:a&candidate=model:a', 'baseline', 'model'],
  ['baseline=model:a&candidate=status:great', 'candidate'],
  [`baseline=model:a&candidate=${Array(11).fill('slice:x').join()}`, 'candidate'],
  ['baseline=model:a&candidate=model:b&baseline_from=yesterday', 'baseline_from'],
  ['baseline=model:a&candidate=model:b&candidate_from=now&candidate_to=now-1d', 'candidate_from'],
  ['baseline=model:a&candidate=model:b&format=xlsx', 'format'],
  ['baseline=model:a&candidate=model:b&candidat=model:c', 'candidat', 'candidate'],
  ['baseline=model:a&candidate=model:b&score=', 'score'],
  ['baseline=model:a,model:b&candidate=model:c', 'baseline'],
  ['baseline=model:a&candidate=service:x,variant:b,service:y', 'candidate'],
];

test('a wrong parameter is named, with what is allowed', async () => {
  for (const [query, parameter, nearest] of FAULTS) {
    const { status, json, headers } = await get(harness.app, `/v1/compare?${query}`);
    assert.equal(status, 400, query);
    assert.match(String(headers['content-type']), /^application\/problem\+json/);
    assert.equal(json.parameter, parameter, query);
    if (nearest) assert.equal(json.nearest, nearest);
  }
});

test('a missing arm is told what it takes, and what is no contradiction is answered', async () => {
  const { json } = await get(harness.app, '/v1/compare?candidate=model:a');
  assert.deepEqual(json.allowed, ['one value']);
  await compare('baseline=slice:a,slice:b,model:!x,model:!y,model:z&candidate=model:a,model:a');
});
