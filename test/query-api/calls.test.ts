import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { hoursOf, partsOf, slicesOf } from '../../query-api/routes/calls.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { idOf, makeCall, makePayload } from '../support/rows.ts';
import { DATA_FROM_MS, DATA_TO_MS, makeDataset } from './support/dataset.ts';
import { get, type Harness, hex, KEYED_HASH, startHarness } from './support/harness.ts';

const WINDOW = `from=${DATA_FROM_MS}&to=${DATA_TO_MS}`;
const DAY_MS = 86_400_000;
const { sent, counted } = makeDataset('shop', 500, 7);

let now_ms: number | undefined;
let harness: Harness;
before(async () => {
  harness = await startHarness({ now: () => now_ms ?? Date.now() });
  await harness.insertCalls(sent);
});
after(() => harness.stop());

interface Item {
  trace_id: string;
  span_id: string;
  started_at: string;
  payload: { state: string; expires_at: string | null };
}

async function page(query: string): Promise<{ items: Item[]; next_cursor: string | null }> {
  const { status, json, text } = await get(harness.app, `/v1/calls?${query}`);
  assert.equal(status, 200, text);
  return json;
}

/** Every page of a search, `between` run after each. */
async function walk(query: string, between = async (): Promise<void> => {}): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await page(`${query}${cursor && `&cursor=${cursor}`}`);
    items.push(...answer.items);
    cursor = answer.next_cursor;
    await between();
  }
  return items;
}

const place = (call: CallRow): string =>
  `${String(call.started_at).padStart(16, '0')} ${hex(call.trace_id)} ${hex(call.span_id)}`;
/** Ids of calls in the order of a search. */
const newestFirst = (calls: readonly CallRow[]): string[] =>
  calls
    .toSorted((a, b) => (place(a) < place(b) ? 1 : -1))
    .map(({ trace_id, span_id }) => `${hex(trace_id)}/${hex(span_id)}`);
const idsOf = (items: readonly Item[]): string[] =>
  items.map(({ trace_id, span_id }) => `${trace_id}/${span_id}`);

test('a search finds the counted calls, newest first, each once', async () => {
  assert.deepEqual(idsOf(await walk(`${WINDOW}&limit=70`)), newestFirst(counted));
  assert.deepEqual(idsOf((await page(`${WINDOW}&limit=3`)).items), newestFirst(counted).slice(0, 3));
});

test('the largest of a window come first, over pages, with those that do not have it left out', async () => {
  const dollars = (value: CallRow['cost_usd']): number | null => (value === null ? null : Number(value));
  for (const field of ['duration_ms', 'ttft_ms', 'cost_usd', 'input_tokens', 'output_tokens'] as const) {
    const amount = (call: CallRow): number | null =>
      field === 'cost_usd' ? dollars(call.cost_usd) : call[field];
    const largest = counted
      .filter((call) => amount(call) !== null)
      .toSorted((a, b) => amount(b)! - amount(a)! || (place(a) < place(b) ? 1 : -1));
    const ids = largest.map(({ trace_id, span_id }) => `${hex(trace_id)}/${hex(span_id)}`);
    assert.ok(ids.length > 100, field);
    const query = `${WINDOW}&order_by=-${field}&limit=70`;
    assert.deepEqual(idsOf(await walk(`${query}&fields=service`)), ids, field);
    const same = counted.filter(({ model }) => model === 'candidate-xl');
    const some = ids.filter((id) => newestFirst(same).includes(id));
    assert.deepEqual(idsOf(await walk(`${query}&model=candidate-xl`)), some, `${field} of a model`);
  }
});

test('an order that there is not, and a cursor of another order, are refused by name', async () => {
  const wrong = await get(harness.app, '/v1/calls?order_by=duration_ms');
  assert.deepEqual(
    [wrong.status, wrong.json.parameter, wrong.json.nearest],
    [400, 'order_by', '-duration_ms'],
  );
  const { next_cursor } = await page(`${WINDOW}&order_by=-duration_ms&limit=3`);
  const other = await get(harness.app, `/v1/calls?${WINDOW}&order_by=-cost_usd&cursor=${next_cursor}`);
  assert.deepEqual([other.status, other.json.parameter], [400, 'cursor']);
});

const conditions: [query: string, matches: (call: CallRow) => boolean][] = [
  ['model=candidate-xl', ({ model }) => model === 'candidate-xl'],
  ['model=candidate-xl&model=embed-2', ({ model }) => ['candidate-xl', 'embed-2'].includes(model)],
  ['service=', ({ service }) => service === ''],
  ['status=error&variant=!canary', ({ status, variant }) => status === 'error' && variant !== 'canary'],
  ['slice=noisy&slice=short', ({ slices }) => slices.includes('noisy') || slices.includes('short')],
  [
    'user_id=ann&finish_reason=length',
    ({ user_id, finish_reason }) => user_id === 'ann' && finish_reason === 'length',
  ],
  ['error_type=timeout', ({ error_type }) => error_type === 'timeout'],
  [
    'min_duration_ms=100.5&max_duration_ms=900',
    ({ duration_ms }) => duration_ms >= 100.5 && duration_ms <= 900,
  ],
  [
    'min_cost_usd=1e-5&max_cost_usd=0.0003',
    ({ cost_usd }) => cost_usd !== null && Number(cost_usd) >= 1e-5 && Number(cost_usd) <= 0.0003,
  ],
  ['min_cost_usd=0', ({ cost_usd }) => cost_usd !== null],
  ['max_cost_usd=0.00025', ({ cost_usd }) => cost_usd !== null && Number(cost_usd) <= 0.00025],
  ['http_status=200', ({ http_status }) => http_status === 200],
  ['http_status=503&http_status=429', ({ http_status }) => http_status === 503 || http_status === 429],
  ['http_status=503&status=error', ({ http_status, status }) => http_status === 503 && status === 'error'],
  [
    'http_status=429&max_cost_usd=0.0005&order_by=-started_at',
    ({ http_status, cost_usd }) => http_status === 429 && cost_usd !== null && Number(cost_usd) <= 0.0005,
  ],
];

test('a cost is within bounds that are the cost itself, and nothing is a cost too', async () => {
  // Beside the window of the others.
  const started_at = (Date.now() - 3_600_000) * 1000;
  const [free, dear, unpriced] = [0, 0.123456789, null].map((cost_usd) =>
    makeCall({ project: 'shop', service: 'costs', started_at, cost_usd }),
  );
  await harness.insertCalls([free!, dear!, unpriced!]);
  for (const [query, calls] of [
    ['max_cost_usd=0', [free!]],
    ['min_cost_usd=0.123456789', [dear!]],
    ['min_cost_usd=0.123456789&max_cost_usd=0.123456789', [dear!]],
    ['min_cost_usd=0&max_cost_usd=1', [free!, dear!]],
    ['min_cost_usd=0.12345679', []],
  ] as const) {
    const { items } = await page(`from=now-3d&service=costs&${query}`);
    assert.deepEqual(idsOf(items), newestFirst(calls), query);
  }
});
for (const [query, matches] of conditions) {
  test(`${query} finds the calls that a plain filter finds`, async () => {
    const expected = newestFirst(counted.filter(matches));
    assert.ok(expected.length > 0 && expected.length < counted.length);
    assert.deepEqual(idsOf(await walk(`${WINDOW}&${query}&limit=40`)), expected);
  });
}

test('a call is found by its trace and by its answer’s hash, stored or plain', async () => {
  const call = counted.find(({ response_hash }) => response_hash !== null)!;
  const hash = hex(call.response_hash!);
  const same = newestFirst(counted.filter((one) => one.response_hash && hex(one.response_hash) === hash));
  assert.deepEqual(idsOf(await walk(`${WINDOW}&response_hash=${hash.toUpperCase()}`)), same);
  assert.deepEqual(
    idsOf((await page(`${WINDOW}&trace_id=${hex(call.trace_id)}`)).items),
    newestFirst([call]),
  );
  assert.deepEqual((await page(`${WINDOW}&response_hash=${'ab'.repeat(32)}`)).items, []);

  const plain = createHash('sha256').update('Where is my parcel?').digest();
  const asked = makeCall({ project: 'shop', prompt_hash: KEYED_HASH.ofSha256('shop', plain) });
  await harness.insertCalls([asked]);
  assert.deepEqual(idsOf((await page(`from=now-3d&prompt_hash=${hex(plain)}`)).items), newestFirst([asked]));
});

test('pages stay what they are while calls arrive: none is lost, none comes twice, the window does not move', async () => {
  const expected = newestFirst(counted.filter(({ service }) => service === 'search'));
  let arrived = 0;
  const arrive = async (): Promise<void> => {
    const before = counted.find(({ service }) => service === 'search')!;
    await harness.insertCalls([
      // Later than every page, and one that is there already, delivered again.
      makeCall({ project: 'shop', service: 'search', started_at: DATA_TO_MS * 1000 - ++arrived }),
      { ...before, version: before.version + 1_000 + arrived },
    ]);
  };
  const items = await walk(`${WINDOW}&service=search&limit=25`, arrive);
  assert.ok(arrived > 5);
  assert.deepEqual(idsOf(items), expected);
  // A window relative to now is that of the first page.
  const first = (await get(harness.app, '/v1/calls?from=now-3d&limit=5')).json;
  const second = (await get(harness.app, `/v1/calls?from=now-3d&limit=7&cursor=${first.next_cursor}`)).json;
  assert.deepEqual([second.from, second.to, second.items.length], [first.from, first.to, 7]);
});

test('calls of one microsecond are told apart by their ids', async () => {
  const at = { project: 'shop', service: 'burst', started_at: DATA_FROM_MS * 1000 + 1 };
  const burst = Array.from({ length: 9 }, (_, index) =>
    makeCall({ ...at, trace_id: idOf(9_000_001 + (index % 2), 16), span_id: idOf(9_000_001 + index, 8) }),
  );
  await harness.insertCalls(burst);
  assert.deepEqual(idsOf(await walk(`${WINDOW}&service=burst&limit=2`)), newestFirst(burst));
});

test('a cursor of another search, or of nobody, is refused by name', async () => {
  const { next_cursor } = await page(`${WINDOW}&limit=2`);
  const forged = Buffer.from(JSON.stringify([1, 'x', 5, 1, 1, 'zz', 'zz'])).toString('base64url');
  for (const query of [
    `${WINDOW}&status=ok&cursor=${next_cursor}`,
    `cursor=${next_cursor}`,
    `cursor=${forged}`,
    'cursor=',
    'cursor=e30',
    `cursor=${'A'.repeat(2_000)}`,
  ]) {
    const { status, json } = await get(harness.app, `/v1/calls?${query}`);
    assert.deepEqual(
      [status, json.type, json.parameter],
      [400, '/problems/invalid-parameter', 'cursor'],
      query,
    );
  }
});

test('text is found in payloads whatever its case, as long as they are kept; each call says what became of its', async () => {
  const now_us = Date.now() * 1000;
  const hash = idOf(5, 32);
  const make = (days: number, more: Partial<CallRow> = {}): CallRow =>
    makeCall({
      project: 'shop',
      service: 'texts',
      started_at: now_us - days * DAY_MS * 1000 - 3_600_000_000,
      ...more,
    });
  const [kept, expired, hashed, silent] = [make(1), make(15), make(1.1, { response_hash: hash }), make(1.2)];
  await harness.insertCalls([kept, expired, hashed, silent]);
  await harness.insertPayloads(
    [kept, expired].map(({ trace_id, span_id, started_at }) =>
      makePayload({
        project: 'shop',
        trace_id,
        span_id,
        started_at,
        output: 'Die Rückerstattung KOMMT bald.',
      }),
    ),
  );
  const search = 'from=now-30d&service=texts';
  for (const text of ['rÜckerstattung kommt', 'IN MY BASKET']) {
    assert.deepEqual(
      idsOf((await page(`${search}&text=${encodeURIComponent(text)}`)).items),
      newestFirst([kept]),
    );
  }
  assert.deepEqual((await page(`${search}&text=nothing+like+it`)).items, []);
  const states = (await page(search)).items.map(({ payload }) => payload.state);
  assert.deepEqual(states, ['kept', 'hash_only', 'not_sent', 'expired']);
  const [first] = (await page(search)).items;
  assert.equal(Date.parse(first!.payload.expires_at!), Math.floor(kept!.started_at / 1000) + 14 * DAY_MS);
});

test('a call is found until it expires, by an id or without one, and not a moment longer', async (t) => {
  t.after(() => {
    now_ms = undefined;
  });
  const call = makeCall({ project: 'shop', model: 'short-lived', response_hash: new Uint8Array(32).fill(7) });
  await harness.insertCalls([call]);
  const searches = [
    'model=short-lived',
    `trace_id=${hex(call.trace_id)}`,
    `response_hash=${'07'.repeat(32)}`,
  ];
  const expires_ms = call.started_at / 1000 + 90 * DAY_MS;
  for (const [at_ms, number] of [
    [expires_ms - 1_000, 1],
    [expires_ms + 1_000, 0],
  ] as const) {
    now_ms = at_ms;
    for (const search of searches) {
      assert.equal(
        (await page(`from=now-91d&${search}`)).items.length,
        number,
        `${search} ${at_ms - expires_ms}`,
      );
    }
  }
});

test('a window is searched in its last day and what is before, without a gap', () => {
  const hour_ms = 3_600_000;
  const to_ms = 100.5 * hour_ms;
  assert.deepEqual(partsOf({ from_ms: 3, to_ms }), [
    { from_ms: 77 * hour_ms, to_ms },
    { from_ms: 3, to_ms: 77 * hour_ms },
  ]);
  assert.deepEqual(partsOf({ from_ms: 80 * hour_ms, to_ms }), [{ from_ms: 80 * hour_ms, to_ms }]);
  assert.deepEqual(hoursOf({ from_ms: 3.5 * hour_ms, to_ms: 6 * hour_ms }), [3, 4, 5]);
  assert.equal(hoursOf({ from_ms: 0, to_ms: 3_650 * 24 * hour_ms }), undefined);
});

test('a window is searched in slices of so many calls, newest first, and none of empty hours', () => {
  const hour_ms = 3_600_000;
  const hours = [
    [1, 80_000],
    [2, 90_000],
    [5, 9_000],
    [6, 20_000],
    [7, 5_000],
    [9, 0],
  ].map(([hour, rows]) => ({ hour: hour!, rows: rows! }));
  const window = { from_ms: hour_ms + 5, to_ms: 20 * hour_ms };
  assert.deepEqual(slicesOf(window, hours), [
    { from_ms: 6 * hour_ms, to_ms: 8 * hour_ms },
    { from_ms: 2 * hour_ms, to_ms: 6 * hour_ms },
    { from_ms: hour_ms + 5, to_ms: 2 * hour_ms },
  ]);
  assert.deepEqual(slicesOf(window, hours, [1_000_000]), [{ from_ms: hour_ms + 5, to_ms: 8 * hour_ms }]);
  assert.deepEqual(slicesOf({ from_ms: 3 * hour_ms, to_ms: 5 * hour_ms }, hours), []);
  assert.deepEqual(slicesOf({ from_ms: 6.5 * hour_ms, to_ms: 6.75 * hour_ms }, hours), [
    { from_ms: 6.5 * hour_ms, to_ms: 6.75 * hour_ms },
  ]);
});
