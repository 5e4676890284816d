import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toCsv } from '../../query-api/formats.ts';
import { DATA_FROM_MS, DATA_TO_MS, makeDataset } from './support/dataset.ts';
import { get, type Harness, rowsOf, startHarness } from './support/harness.ts';

const QUERY =
  `/v1/rollups?from=${DATA_FROM_MS}&to=${DATA_TO_MS}&interval=6h&group_by=model,slice,status` +
  '&metrics=calls,latency_p95_ms,reasoning_tokens,ttft_p95_ms&limit=1000';

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls(makeDataset('shop', 400, 99).sent);
});
after(() => harness.stop());

/** Reads RFC 4180 by its own grammar. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [[]];
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy;
  for (const [, value, end] of text.matchAll(field)) {
    records.at(-1)!.push(value!.startsWith('"') ? value!.slice(1, -1).replaceAll('""', '"') : value!);
    if (end === '\r\n') records.push([]);
  }
  assert.deepEqual(records.pop(), []);
  return records;
}

test('CSV holds the rows of JSON, null as nothing, quotes and line ends as they are', async () => {
  const rows = await rowsOf(harness.app, QUERY);
  const answer = await get(harness.app, `${QUERY}&format=csv`);
  assert.match(String(answer.headers['content-type']), /^text\/csv/);
  const [header, ...records] = parseCsv(answer.text);
  assert.deepEqual(header, [
    'time',
    'model',
    'slice',
    'status',
    'calls',
    'latency_p95_ms',
    'reasoning_tokens',
    'ttft_p95_ms',
  ]);
  const text = (value: unknown): string => (value === null ? '' : String(value));
  assert.deepEqual(
    records,
    rows.map((row) => header!.map((name) => text(row[name]))),
  );
  assert.ok(rows.some(({ slice }) => String(slice).includes('\n')));
  assert.ok(rows.some(({ reasoning_tokens }) => reasoning_tokens === null));
  assert.ok(rows.some(({ ttft_p95_ms }) => ttft_p95_ms === null));
});

test('CSV of no rows is its header', () => assert.equal(toCsv(['a', 'b'], []), 'a,b\r\n'));

test('JSON lines are the rows of JSON', async () => {
  const answer = await get(harness.app, `${QUERY}&format=jsonl`);
  assert.match(String(answer.headers['content-type']), /ndjson/);
  const rows = answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(rows, await rowsOf(harness.app, QUERY));
});

for (const [format, engineFormat, magic] of [
  ['parquet', 'Parquet', 'PAR1'],
  ['arrow', 'Arrow', 'ARROW1'],
] as const) {
  test(`${format} is read back as the same rows, with types`, async () => {
    const answer = await get(harness.app, `${QUERY}&format=${format}`);
    assert.equal(answer.raw.subarray(0, magic.length).toString(), magic);
    const types =
      "time DateTime64(3, 'UTC'), model String, slice String, status String, calls UInt64, latency_p95_ms Nullable(Float64), reasoning_tokens Nullable(UInt64), ttft_p95_ms Nullable(Float64)";
    const { rows } = await harness.writer.query<Record<string, unknown>>(
      `SELECT * REPLACE (toUnixTimestamp64Milli(time) AS time)
       FROM format(${engineFormat}, {types:String}, unhex('${answer.raw.toString('hex')}'))
       WHERE ifNull(NOT isNaN(ttft_p95_ms), true)`,
      { params: { types } },
    );
    const expected = await rowsOf(harness.app, QUERY);
    assert.deepEqual(
      rows,
      expected.map((row) => ({ ...row, time: Date.parse(String(row.time)) })),
    );
  });
}

test('what is cut off is told, beside the rows or in a header', async () => {
  for (const format of ['json', 'csv', 'jsonl', 'parquet', 'arrow']) {
    for (const [limit, truncated] of [
      [3, true],
      [1000, false],
    ] as const) {
      const answer = await get(
        harness.app,
        `${QUERY.replace('limit=1000', `limit=${limit}`)}&format=${format}`,
      );
      assert.equal(answer.status, 200);
      if (format === 'json') {
        assert.equal(answer.json.truncated, truncated);
        if (truncated) assert.equal(answer.json.rows.length, limit);
      } else {
        assert.equal(answer.headers['x-plumbline-truncated'], String(truncated), `${format} ${limit}`);
        assert.equal(answer.headers['x-plumbline-quantiles'], 'exact');
      }
    }
  }
});

test('what is cut off can be come by as the answer says', async () => {
  const base = `/v1/rollups?to=${DATA_TO_MS}&interval=1h&metrics=calls,latency_p95_ms`;
  const all = await rowsOf(harness.app, `${base}&from=${DATA_FROM_MS}&group_by=model&limit=1000`);
  const seen = new Map<string, unknown>();
  let from: string | undefined = String(DATA_FROM_MS);
  for (let asked = 0; from !== undefined && asked < all.length; asked++) {
    const { json } = await get(harness.app, `${base}&from=${from}&group_by=model&limit=9`);
    for (const row of json.rows) seen.set(`${row.time} ${row.model}`, row);
    assert.equal(json.hint === undefined, !json.truncated);
    from = /'from=([^']+)'/.exec(json.hint)?.[1];
  }
  assert.ok(all.length > 27);
  assert.deepEqual([...seen.values()], all);

  const hintOf = async (query: string): Promise<string> =>
    (await get(harness.app, `${base}&from=${DATA_FROM_MS}&${query}`)).json.hint;
  // One interval alone is more than the limit, or rows are not in the order of time: later ones would be missed.
  for (const query of ['group_by=model&limit=2', 'group_by=model&order_by=-calls&limit=9']) {
    const hint = await hintOf(query);
    assert.match(
      hint,
      /^There are more than \d rows: raise 'limit' \(up to 1000\); or filter on 'model'; or .*order_by/,
    );
    assert.doesNotMatch(hint, /from=/);
  }
});

test('rows come in the order asked for, nulls last, and the same every time', async () => {
  const url = `/v1/rollups?from=${DATA_FROM_MS}&to=${DATA_TO_MS}&group_by=model,service&metrics=cost_usd`;
  for (const sign of ['', '-']) {
    const rows = await rowsOf(harness.app, `${url}&order_by=${sign}cost_usd`);
    const costs = rows.map(({ cost_usd }) => cost_usd as number | null);
    const known = costs.filter((cost) => cost !== null);
    assert.ok(known.length < costs.length, 'some are null');
    assert.deepEqual(costs.slice(0, known.length), known);
    assert.deepEqual(
      known,
      known.toSorted((a, b) => (sign ? b - a : a - b)),
    );
    assert.deepEqual(await rowsOf(harness.app, `${url}&order_by=${sign}cost_usd`), rows);
  }
  const byHidden = await rowsOf(harness.app, `${url}&order_by=-model,latency_max_ms,service`);
  const models = byHidden.map(({ model }) => String(model));
  assert.deepEqual(models, models.toSorted().reverse());
  assert.deepEqual(Object.keys(byHidden[0]!), ['model', 'service', 'cost_usd']);
});

test('the answer says what it is about', async () => {
  const { json } = await get(
    harness.app,
    '/v1/cost?from=2026-01-01&to=2026-01-02&quantiles=sketch&interval=1d',
  );
  const { from, to, interval, group_by, metrics, quantiles, truncated, as_of, rows } = json;
  assert.deepEqual(
    { from, to, interval, group_by, quantiles, truncated, rows },
    {
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-02T00:00:00.000Z',
      interval: '1d',
      group_by: ['model'],
      quantiles: 'exact',
      truncated: false,
      rows: [],
    },
  );
  assert.ok(metrics.includes('cost_per_1k_tokens_usd'));
  assert.ok(Math.abs(Date.parse(as_of) - Date.now()) < 10_000);
});
