/** Text in payloads as they came: plain, or escaped by whichever encoder of JSON; and how far back a search looks. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { formsPattern } from '../../schemas/queries/text-forms.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { idOf, makeCall, makePayload } from '../support/rows.ts';
import { get, type Harness, hex, startHarness } from './support/harness.ts';

const DAY_MS = 86_400_000;
let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

async function search(query: string): Promise<string[]> {
  const { status, json, text } = await get(harness.app, `/v1/calls?${query}`);
  assert.equal(status, 200, text);
  return json.items.map(({ span_id }: { span_id: string }) => span_id);
}

const SAID = 'Zurück an "Ölmühle/Müller"\n退款 😀 it\'s <b>';
/** As Python's encoder, or .NET's, writes what is not ASCII. */
const escaped = (json: string, upper = false): string =>
  json.replace(/[^ -~]/g, (unit) => {
    const code = unit.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${upper ? code.toUpperCase() : code}`;
  });
const message = JSON.stringify([{ role: 'user', content: SAID }]);
const ways: [way: string, input: string][] = [
  ['plain', SAID],
  ['JSON', message],
  ['JSON in ASCII', escaped(message)],
  ['JSON in ASCII, hex in capitals', escaped(message, true)],
  ['JSON with slashes escaped', message.replaceAll('/', '\\/')],
  ['JSON for a page', message.replace(/[<>&']/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`)],
  ['JSON in JSON', JSON.stringify({ body: message })],
  ['JSON in JSON in ASCII', escaped(JSON.stringify({ body: escaped(message) }))],
];

test('a text is found however the payload that holds it was encoded, whatever its case', async () => {
  const calls = ways.map(() => makeCall({ project: 'shop' }));
  await harness.insertCalls(calls);
  await harness.insertPayloads(
    calls.map(({ project, trace_id, span_id, started_at }, index) =>
      makePayload({ project, trace_id, span_id, started_at, input: ways[index]![1], output: '' }),
    ),
  );
  const all = calls.map(({ span_id }) => hex(span_id)).toSorted();
  for (const text of [
    'zurück',
    'ZURÜCK AN',
    'an "ölmühle',
    'Ölmühle/müller',
    'müller"\n退款',
    '退款',
    '款 😀',
    "it's <B>",
    SAID,
  ]) {
    const found = await search(`from=now-3d&text=${encodeURIComponent(text)}`);
    assert.deepEqual(found.toSorted(), all, text);
  }
  for (const text of ['zuruck', 'zurück am', '款退', '😀😀', 'ölmühle\\müller', 'u00fcck an.']) {
    assert.deepEqual(await search(`from=now-3d&text=${encodeURIComponent(text)}`), [], text);
  }
});

test('plain words need no pattern, and no character of a text has another meaning in one', async () => {
  assert.equal(formsPattern('Where is it? (order: #5)'), undefined);
  const call = makeCall({ project: 'shop' });
  const { project, trace_id, span_id, started_at } = call;
  const said = 'ü.*+?^$-{}()|[]\\d & a=b `c`';
  await harness.insertCalls([call]);
  await harness.insertPayloads([
    makePayload({ project, trace_id, span_id, started_at, input: JSON.stringify(said), output: said }),
  ]);
  for (const text of [said, '()|[]\\d', '\\d & a=B']) {
    assert.deepEqual(await search(`from=now-3d&text=${encodeURIComponent(text)}`), [hex(span_id)], text);
  }
  assert.deepEqual(await search(`from=now-3d&text=${encodeURIComponent('ü.*d')}`), []);
});

test('a text of two characters is taken if one of them is not ASCII, and else refused', async () => {
  for (const [text, status] of [
    ['退款', 200],
    ['ü1', 200],
    ['款', 400],
    ['😀', 400],
    ['ab', 400],
    ['abc', 200],
  ] as const) {
    const answer = await get(harness.app, `/v1/calls?text=${encodeURIComponent(text)}`);
    assert.equal(answer.status, status, text);
    if (status === 400) assert.equal(answer.json.parameter, 'text');
  }
});

test('a search by a trace or a hash looks at all that is kept, others at a day, and both say so', async () => {
  const old = (days: number): CallRow =>
    makeCall({
      project: 'shop',
      started_at: (Date.now() - days * DAY_MS) * 1000,
      prompt_hash: idOf(601, 32),
      response_hash: idOf(602, 32),
      trace_id: idOf(603, 16),
      service: 'ages',
    });
  const [young, aged] = [old(1.5), old(80)];
  await harness.insertCalls([young!, aged!]);
  const both = [hex(young!.span_id), hex(aged!.span_id)];
  for (const by of [
    `trace_id=${hex(idOf(603, 16))}`,
    `prompt_hash=${hex(idOf(601, 32))}`,
    `response_hash=${hex(idOf(602, 32))}`,
  ]) {
    assert.deepEqual(await search(by), both, by);
    const first = (await get(harness.app, `/v1/calls?${by}&limit=1`)).json;
    assert.equal(Date.parse(first.to) - Date.parse(first.from), 90 * DAY_MS);
    const second = (await get(harness.app, `/v1/calls?${by}&limit=1&cursor=${first.next_cursor}`)).json;
    assert.deepEqual([second.from, second.to, second.items[0].span_id], [first.from, first.to, both[1]]);
    assert.deepEqual(await search(`${by}&order_by=-duration_ms`), both);
    assert.deepEqual(await search(`${by}&from=now-3d`), both.slice(0, 1));
    assert.deepEqual(await search(`${by}&to=now-3d`), both.slice(1));
  }
  const day = (await get(harness.app, '/v1/calls?service=ages')).json;
  assert.deepEqual([day.items, Date.parse(day.to) - Date.parse(day.from)], [[], DAY_MS]);
});
