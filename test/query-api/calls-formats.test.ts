/** Lists of calls and comparisons in every form: the same values, and the next page where the body has no room. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { USUAL } from '../../query-api/parameters/call-search.ts';
import { makeCall, makePayload, makeScore } from '../support/rows.ts';
import { type Answer, get, type Harness, startHarness } from './support/harness.ts';

const AWKWARD = 'a "model", with\nlines; ünïcode 🤖';
const calls = Array.from({ length: 25 }, (_, number) =>
  makeCall({
    project: 'shop',
    model: number % 2 ? AWKWARD : '=1+1',
    slices: number % 3 ? [] : ['short', 'no,isy'],
    cost_usd: number % 5 ? 0.000_123_456_789 : null,
    ttft_ms: number % 4 ? 12.5 : null,
    prompt_hash: number % 2 ? new Uint8Array(32).fill(number) : null,
    stream: number % 2 === 0,
    variant: number % 2 ? 'canary' : 'baseline',
    status: number % 6 ? 'ok' : 'error',
    error_type: number % 6 ? '' : 'timeout',
  }),
);
const SEARCH = '/v1/calls?from=now-3d&limit=10&fields=all';

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls(calls);
  const { trace_id, span_id, started_at } = calls[3]!;
  await harness.insertPayloads([makePayload({ project: 'shop', trace_id, span_id, started_at })]);
  await harness.insertScores(
    calls.map(({ trace_id, span_id }, number) =>
      makeScore({ project: 'shop', trace_id, span_id, value: number / 7 - 1 }),
    ),
  );
});
after(() => harness.stop());

type Item = Record<string, unknown> & { payload: { state: string; expires_at: string | null } };

/** Every page, by the header that every form has. */
async function pagesOf(url: string): Promise<Answer[]> {
  const pages: Answer[] = [];
  for (let next: string | undefined = url; next !== undefined; ) {
    const page = await get(harness.app, next);
    assert.equal(page.status, 200, page.text);
    pages.push(page);
    next = /^<([^>]+)>; rel="next"$/.exec(String(page.headers.link ?? ''))?.[1];
  }
  return pages;
}

const itemsOf = async (): Promise<Item[]> =>
  (await pagesOf(SEARCH)).flatMap(({ json }) => json.items as Item[]);

function parseCsv(text: string): Record<string, string>[] {
  const records: string[][] = [[]];
  for (const [, value, end] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy)) {
    records.at(-1)!.push(value!.startsWith('"') ? value!.slice(1, -1).replaceAll('""', '"') : value!);
    if (end === '\r\n') records.push([]);
  }
  const [header, ...rows] = records.slice(0, -1);
  return rows.map((row) => Object.fromEntries(header!.map((name, index) => [name, row[index]!])));
}

test('JSON lines of calls are the items of JSON, over all pages', async () => {
  const pages = await pagesOf(`${SEARCH}&format=jsonl`);
  assert.equal(pages.length, 3);
  assert.match(String(pages[0]!.headers['content-type']), /ndjson/);
  const items = pages.flatMap(({ text }) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  assert.deepEqual(items, await itemsOf());
  assert.equal(items.length, calls.length);
});

test('CSV of calls has the same values, null as nothing, lists as JSON', async () => {
  const pages = await pagesOf(`${SEARCH}&format=csv`);
  const rows = pages.flatMap(({ text }) => parseCsv(text));
  const items = await itemsOf();
  assert.equal(rows.length, items.length);
  for (const [index, { payload, ...item }] of items.entries()) {
    const row = rows[index]!;
    for (const [name, value] of Object.entries(item)) {
      const text = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
      assert.equal(row[name], text, name);
    }
    assert.deepEqual([row.payload_state, row.payload_expires_at], [payload.state, payload.expires_at ?? '']);
  }
  const none = await get(harness.app, `${SEARCH}&format=csv&model=nobody`);
  assert.deepEqual([none.status, none.text.split('\r\n').length], [200, 2]);
});

test('pages may change their form, and say their window', async () => {
  const first = await get(harness.app, `${SEARCH}&format=csv`);
  const cursor = String(first.headers['x-plumbline-next-cursor']);
  const second = await get(harness.app, `${SEARCH}&cursor=${cursor}`);
  assert.deepEqual(
    second.json.items,
    (await itemsOf()).slice(10, 20),
    'the second page as JSON follows the first as CSV',
  );
  assert.equal(first.headers['x-plumbline-from'], second.json.from);
  assert.equal(first.headers['x-plumbline-to'], second.json.to);
});

for (const [format, engineFormat] of [
  ['parquet', 'Parquet'],
  ['arrow', 'Arrow'],
] as const) {
  const read = async (answer: Answer, what: string) =>
    (
      await harness.writer.query<Record<string, unknown>>(
        `SELECT ${what} FROM format(${engineFormat}, unhex('${answer.raw.toString('hex')}'))`,
      )
    ).rows;

  test(`${format} of calls is read back as the same calls, in their order, with types`, async () => {
    const items = await itemsOf();
    const pages = await pagesOf(`${SEARCH}&format=${format}`);
    const rows: Record<string, unknown>[] = [];
    for (const page of pages) {
      rows.push(
        ...(await read(
          page,
          '* REPLACE (toUnixTimestamp64Micro(started_at) AS started_at, toUnixTimestamp64Milli(payload_expires_at) AS payload_expires_at)',
        )),
      );
    }
    assert.equal(rows.length, items.length);
    for (const [
      index,
      { payload, started_at, received_at: _, process: _process, ...item },
    ] of items.entries()) {
      const { payload_state, payload_expires_at, started_at: started_us, ...row } = rows[index]!;
      for (const [name, value] of Object.entries(item)) assert.deepEqual(row[name], value, name);
      assert.equal(Number(started_us) / 1000, Date.parse(String(started_at)));
      assert.equal(payload_state, payload.state);
      const expires_ms = payload.expires_at === null ? null : Date.parse(payload.expires_at);
      assert.equal(payload_expires_at === null ? null : Number(payload_expires_at), expires_ms);
    }
    const none = await get(harness.app, `${SEARCH}&format=${format}&model=nobody`);
    assert.deepEqual(
      [none.status, none.raw.subarray(0, 3).toString().toUpperCase()],
      [200, engineFormat.slice(0, 3).toUpperCase()],
    );
  });

  test(`${format} of a comparison holds the rows of JSON lines`, async () => {
    const url = '/v1/compare?baseline=variant:baseline&candidate=variant:canary&from=now-3d';
    const lines = (await get(harness.app, `${url}&format=jsonl`)).text.trimEnd().split('\n');
    const answer = await get(harness.app, `${url}&format=${format}`);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(
      await read(answer, '*'),
      lines.map((line) => JSON.parse(line)),
    );
    assert.ok(!Number.isNaN(Date.parse(String(answer.headers['x-plumbline-as-of']))));
  });
}

const SOME = ['trace_id', 'span_id', 'started_at', 'model', 'cost_usd', 'attributes'];

test('a list shows the usual fields, those that are asked for, or all, however its calls are found', async () => {
  const all = await itemsOf();
  const names = Object.keys(all[0]!);
  assert.deepEqual(names.slice(-3), ['attributes', 'received_at', 'payload']);
  const hash = all.find(({ prompt_hash }) => prompt_hash !== null)!.prompt_hash;
  for (const by of ['limit=50', `prompt_hash=${hash}`, 'text=books', 'variant=canary']) {
    const find = async (fields: string): Promise<Item[]> => {
      const { json, text } = await get(harness.app, `/v1/calls?from=now-3d&${by}${fields}`);
      assert.ok(json.items, text);
      return json.items;
    };
    const whole = await find('&fields=all');
    assert.ok(whole.length > 0, by);
    const picked = (fields: readonly string[]) =>
      whole.map((item) => Object.fromEntries(fields.map((name) => [name, item[name]])));
    const usual = names.filter((name) => (USUAL as readonly string[]).includes(name));
    assert.deepEqual(await find(''), picked(usual));
    assert.deepEqual(await find('&fields=cost_usd,attributes,model'), picked(SOME));
    assert.deepEqual(await find('&fields='), picked(SOME.slice(0, 3)));
  }
});

test('fields are columns of every form, and may differ from page to page', async () => {
  const url = '/v1/calls?from=now-3d&limit=10&fields=attributes,model,cost_usd';
  const csv = await get(harness.app, `${url}&format=csv`);
  assert.equal(csv.text.split('\r\n')[0], SOME.join(','));
  const parquet = await get(harness.app, `${url}&format=parquet`);
  const { rows } = await harness.writer.query<{ name: string }>(
    `DESCRIBE format(Parquet, unhex('${parquet.raw.toString('hex')}'))`,
  );
  assert.deepEqual(
    rows.map(({ name }) => name),
    SOME,
  );
  const cursor = String(csv.headers['x-plumbline-next-cursor']);
  const second = await get(harness.app, `/v1/calls?from=now-3d&fields=status&cursor=${cursor}`);
  assert.deepEqual(Object.keys(second.json.items[0]), [...SOME.slice(0, 3), 'status']);
  assert.equal(second.json.items[0].span_id, (await itemsOf())[10]!.span_id);
});

test('a score that is asked for is the last column of every form, the same number in each', async () => {
  const url = '/v1/calls?from=now-3d&score=accuracy&fields=model,payload';
  const names = [...SOME.slice(0, 4), 'payload_state', 'payload_expires_at', 'score'];
  const { items } = (await get(harness.app, url)).json;
  const values = items.map(({ score }: Item) => score);
  assert.equal(new Set(values).size, calls.length);
  const lines = (await get(harness.app, `${url}&format=jsonl`)).text.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    items,
  );
  const csv = await get(harness.app, `${url}&format=csv`);
  assert.equal(csv.text.split('\r\n')[0], names.join(','));
  assert.deepEqual(
    parseCsv(csv.text).map(({ score }) => Number(score)),
    values,
  );
  for (const [format, engineFormat] of [
    ['parquet', 'Parquet'],
    ['arrow', 'Arrow'],
  ]) {
    const { raw } = await get(harness.app, `${url}&format=${format}`);
    const from = `format(${engineFormat}, unhex('${raw.toString('hex')}'))`;
    const { rows } = await harness.writer.query<Item>(`SELECT * FROM ${from}`);
    assert.deepEqual(Object.keys(rows[0]!), names);
    assert.deepEqual(
      rows.map(({ score }) => score),
      values,
    );
    const none = await get(harness.app, `${url}&max_score=-5&format=${format}`);
    assert.equal(none.status, 200, none.text);
  }
});

test('forms that the database writes keep the order that was asked for', async () => {
  const url = '/v1/calls?from=now-3d&order_by=-cost_usd&fields=cost_usd';
  const { json } = await get(harness.app, url);
  const arrow = await get(harness.app, `${url}&format=arrow`);
  const { rows } = await harness.writer.query<{ id: string }>(
    `SELECT span_id AS id FROM format(Arrow, unhex('${arrow.raw.toString('hex')}'))`,
  );
  assert.ok(rows.length > 10);
  assert.deepEqual(
    rows.map(({ id }) => id),
    json.items.map(({ span_id }: Item) => span_id),
  );
});

test('an unknown field is a problem that names the nearest', async () => {
  const { status, json } = await get(harness.app, '/v1/calls?fields=model,cost_usdd');
  assert.deepEqual(
    [status, json.parameter, json.received, json.nearest],
    [400, 'fields', 'cost_usdd', 'cost_usd'],
  );
});

test('a wrong form is a problem that names those there are, whatever the form', async () => {
  for (const path of [`${SEARCH}&format=xml`, `${SEARCH}&format=csv&limit=0`, '/v1/compare?format=parquet']) {
    const { status, headers } = await get(harness.app, path);
    assert.deepEqual(
      [status, String(headers['content-type']).split(';')[0]],
      [400, 'application/problem+json'],
    );
  }
});
