/** /v1/calls by scores: the calls whose score lies within bounds, each with it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CallRow } from '../../schemas/record/calls.ts';
import type { ScoreRow } from '../../schemas/record/scores.ts';
import { idOf, makeCall, makePayload, makeScore } from '../support/rows.ts';
import { DATA_FROM_MS, DATA_TO_MS, makeDataset } from './support/dataset.ts';
import { get, type Harness, hex, rowsOf, startHarness } from './support/harness.ts';

const WINDOW = `from=${DATA_FROM_MS}&to=${DATA_TO_MS}`;
const HOUR_US = 3_600_000_000;
const { sent, counted } = makeDataset('shop', 500, 11);
const nameOf = ({ trace_id, span_id }: CallRow): string => `${hex(trace_id)}/${hex(span_id)}`;

/** Of every third call one score or two, of every fifth answer one by its hash. */
const scores: ScoreRow[] = [];
const expected = new Map<string, number>();
for (const [at, call] of counted.entries()) {
  const { trace_id, span_id, response_hash } = call;
  const given: number[] = [];
  const give = (value: number, source: string): void => {
    given.push(value);
    scores.push(makeScore({ project: 'shop', trace_id, span_id, value, source }));
  };
  if (at % 3 === 0) give((at % 40) / 20 - 1, 'judge');
  if (at % 6 === 0) give(0.1, 'reviewer');
  if (response_hash !== null && response_hash.at(-1)! % 5 === 0) given.push(response_hash.at(-1)! / 100);
  if (given.length > 0) expected.set(nameOf(call), given.reduce((sum, value) => sum + value) / given.length);
}
const hashes = counted
  .flatMap(({ response_hash }) => response_hash ?? [])
  .filter((hash) => hash.at(-1)! % 5 === 0);
for (const hash of new Map(hashes.map((hash) => [hex(hash), hash])).values()) {
  const none = { trace_id: idOf(0, 16), span_id: idOf(0, 8) };
  scores.push(makeScore({ project: 'shop', ...none, response_hash: hash, value: hash.at(-1)! / 100 }));
}

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls(sent);
  await harness.insertScores(scores);
});
after(() => harness.stop());

interface Item {
  trace_id: string;
  span_id: string;
  score?: number;
}

async function walk(query: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, json, text } = await get(
      harness.app,
      `/v1/calls?${query}${cursor && `&cursor=${cursor}`}`,
    );
    assert.equal(status, 200, text);
    items.push(...json.items);
    cursor = json.next_cursor;
  }
  return items;
}

const place = (call: CallRow): string => `${String(call.started_at).padStart(16, '0')} ${nameOf(call)}`;

/** What is found is what a plain filter finds, in that order, with the score of each. */
async function assertFinds(
  query: string,
  matches: (call: CallRow, score: number) => boolean,
  largest?: (call: CallRow) => number,
): Promise<void> {
  const calls = counted
    .filter((call) => expected.has(nameOf(call)) && matches(call, expected.get(nameOf(call))!))
    .toSorted((a, b) => (largest ? largest(b) - largest(a) : 0) || (place(a) < place(b) ? 1 : -1));
  assert.ok(calls.length > 0 && calls.length < expected.size, query);
  const items = await walk(`${WINDOW}&score=accuracy&limit=30&${query}`);
  assert.deepEqual(
    items.map(({ trace_id, span_id }) => `${trace_id}/${span_id}`),
    calls.map(nameOf),
    query,
  );
  for (const [at, { score }] of items.entries()) {
    assert.ok(Math.abs(score! - expected.get(nameOf(calls[at]!))!) < 1e-12, query);
  }
}

test('calls are found by their score, newest first, over pages, each with it', async () => {
  assert.equal((await walk(`${WINDOW}&score=accuracy&limit=30`)).length, expected.size);
  await assertFinds('max_score=-0.5', (_, score) => score <= -0.5);
  await assertFinds('min_score=0.05', (_, score) => score >= 0.05);
  await assertFinds('min_score=-0.25&max_score=2.5e-1', (_, score) => score >= -0.25 && score <= 0.25);
  await assertFinds('max_score=0&model=embed-2', ({ model }, score) => model === 'embed-2' && score <= 0);
  await assertFinds('max_score=0&status=error', ({ status }, score) => status === 'error' && score <= 0);
  await assertFinds(
    'max_score=0&min_duration_ms=100&fields=model',
    ({ duration_ms }, score) => duration_ms >= 100 && score <= 0,
  );
  await assertFinds(
    'max_score=0.5&order_by=-duration_ms',
    (_, score) => score <= 0.5,
    ({ duration_ms }) => duration_ms,
  );
});

test('bounds are within, and hold of the very number that is shown and that score_avg is', async () => {
  const [item] = await walk(`${WINDOW}&score=accuracy&min_score=0.04&max_score=0.06`);
  const { score, trace_id, span_id } = item!;
  const same = await walk(`${WINDOW}&score=accuracy&min_score=${score}&max_score=${score}`);
  assert.ok(same.some((one) => one.trace_id === trace_id && one.span_id === span_id));
  assert.ok(same.every((one) => one.score === score));
  const average = await rowsOf(
    harness.app,
    `/v1/rollups?${WINDOW}&metrics=score_avg,calls&score=accuracy&group_by=model`,
  );
  for (const { model, score_avg } of average) {
    const values = (await walk(`${WINDOW}&score=accuracy&model=${model}&limit=100`)).map((one) => one.score!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    assert.ok(Math.abs(mean - Number(score_avg)) < 1e-12, String(model));
  }
});

test('a trace and a hash lead to calls with a score', async () => {
  const call = counted.find((one) => expected.has(nameOf(one)) && one.response_hash !== null)!;
  const unscored = counted.find((one) => !expected.has(nameOf(one)))!;
  const hash = hex(call.response_hash!);
  await assertFinds(
    `response_hash=${hash}`,
    (one) => one.response_hash !== null && hex(one.response_hash) === hash,
  );
  await assertFinds(`trace_id=${hex(call.trace_id)}`, (one) => one === call);
  assert.deepEqual(await walk(`score=accuracy&trace_id=${hex(unscored.trace_id)}`), []);
  const { length } = await walk(`score=accuracy&min_score=99&trace_id=${hex(call.trace_id)}`);
  assert.equal(length, 0);
});

test('a text and a score are looked for together', async () => {
  const [one, other] = counted.filter((call) => expected.has(nameOf(call)));
  const unscored = counted.find((call) => !expected.has(nameOf(call)))!;
  await harness.insertPayloads(
    [one!, other!, unscored].map(({ trace_id, span_id, started_at }) =>
      makePayload({ project: 'shop', trace_id, span_id, started_at, output: 'A green parrot.' }),
    ),
  );
  await assertFinds('text=green+parrot', (call) => call === one || call === other);
  const score = expected.get(nameOf(one!))!;
  await assertFinds(
    `text=green+parrot&min_score=${score - 1e-9}&max_score=${score + 1e-9}`,
    (call) => call === one,
  );
});

test('what is scored later, by another name or in another project is told apart', async () => {
  const call = makeCall({ project: 'shop', service: 'late' });
  await harness.insertCalls([call]);
  const { trace_id, span_id } = call;
  const found = () => walk('from=now-3d&service=late&score=late');
  await harness.insertScores([
    makeScore({ project: 'other', trace_id, span_id, name: 'late' }),
    makeScore({ project: 'shop', trace_id, span_id, name: 'early' }),
  ]);
  assert.deepEqual(await found(), []);
  await harness.insertScores([makeScore({ project: 'shop', trace_id, span_id, name: 'late', value: -3 })]);
  assert.deepEqual(
    (await found()).map(({ score }) => score),
    [-3],
  );
  const [plain] = await walk('from=now-3d&service=late');
  assert.ok(!('score' in plain!), 'a search without a score shows none');
});

test('a score of a span over calls of many hours is found at one of them, on whatever page', async () => {
  const parent_span_id = idOf(4_711, 8);
  const trace_id = idOf(4_712, 16);
  const start = DATA_FROM_MS * 1000;
  const make = (hour: number, more: Partial<CallRow>): CallRow =>
    makeCall({ project: 'shop', environment: 'long', started_at: start + hour * HOUR_US, ...more });
  const [first, last] = [0, 7].map((hour) => make(hour, { trace_id, parent_span_id }));
  const others = [2, 3, 4].map((hour) => make(hour, {}));
  await harness.insertCalls([first!, last!, ...others]);
  const spans = [{ trace_id, span_id: parent_span_id }, ...others];
  await harness.insertScores(
    spans.map((span) =>
      makeScore({ project: 'shop', trace_id: span.trace_id, span_id: span.span_id, name: 'long' }),
    ),
  );
  const items = await walk(`${WINDOW}&environment=long&score=long&limit=1`);
  assert.deepEqual(
    items.map(({ trace_id, span_id }) => `${trace_id}/${span_id}`),
    [last!, ...others.toReversed()].map(nameOf),
  );
});

test('faults of the bounds are told by name, with what is allowed', async () => {
  for (const [query, parameter, received] of [
    ['score=', 'score', ''],
    ['min_score=1', 'score', ''],
    ['score=&max_score=1', 'score', ''],
    ['score=a&min_score=high', 'min_score', 'high'],
    ['score=a&max_score=', 'max_score', ''],
    ['score=a&max_score=0x1', 'max_score', '0x1'],
    ['score=a&min_score=1e999', 'min_score', '1e999'],
    ['score=a&min_score=Infinity', 'min_score', 'Infinity'],
    ['score=a&min_score=1&max_score=-1', 'min_score', '1'],
    ['min_cost_usd=-1', 'min_cost_usd', '-1'],
    ['max_cost_usd=$5', 'max_cost_usd', '$5'],
    ['min_cost_usd=2&max_cost_usd=1', 'min_cost_usd', '2'],
    ['min_duration_ms=2&max_duration_ms=1', 'min_duration_ms', '2'],
    ['http_status=99', 'http_status', '99'],
    ['http_status=429&http_status=600', 'http_status', '600'],
    ['http_status=4xx', 'http_status', '4xx'],
    ['http_status=', 'http_status', ''],
  ] as const) {
    const { status, json } = await get(harness.app, `/v1/calls?${query}`);
    assert.deepEqual(
      [status, json.type, json.parameter, json.received],
      [400, '/problems/invalid-parameter', parameter, received],
      query,
    );
    assert.equal(json.allowed.length, 1, query);
  }
  const twice = await get(harness.app, '/v1/calls?score=a&score=b');
  assert.deepEqual([twice.status, twice.json.type], [400, '/problems/repeated-parameter']);
});

test('a cursor belongs to the bounds that it came with', async () => {
  const query = `/v1/calls?${WINDOW}&limit=5&score=accuracy`;
  const { next_cursor } = (await get(harness.app, `${query}&min_score=-1`)).json;
  for (const other of ['', '&min_score=0', '&min_score=-1&http_status=200', '&min_score=-1&min_cost_usd=0']) {
    const { status, json } = await get(harness.app, `${query}${other}&cursor=${next_cursor}`);
    assert.deepEqual([status, json.parameter], [400, 'cursor'], other);
  }
});
