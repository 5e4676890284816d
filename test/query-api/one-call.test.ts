import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assemble, payloadState } from '../../query-api/routes/payload.ts';
import { treeOf } from '../../query-api/routes/trace.ts';
import type { ShownCall } from '../../schemas/queries/call-columns.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { idOf, makeCall, makePayload, makeScore } from '../support/rows.ts';
import { get, type Harness, hex, OTHER_KEY, startHarness } from './support/harness.ts';

const lone = makeCall({ project: 'shop' });

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls([lone]);
});
after(() => harness.stop());

const pathOf = (call: CallRow): string => `/v1/calls/${hex(call.trace_id)}/${hex(call.span_id)}`;
const idsOf = (call: CallRow) => ({ trace_id: hex(call.trace_id), span_id: hex(call.span_id) });

async function open(call: CallRow) {
  const { status, json, text } = await get(harness.app, pathOf(call));
  assert.equal(status, 200, text);
  return json;
}

test('a call shows its whole record, its payload in one piece, its scores', async () => {
  const call = makeCall({
    project: 'shop',
    attributes: ['server.address', 'api.example.com'],
    slices: ['short'],
    cost_usd: 0.000123456789,
    response_id: 'resp-0123456789-abcdef',
    response_hash: idOf(77, 32),
    started_at: makeCall().started_at + 3_599_999_999,
    parent_span_id: idOf(12, 8),
  });
  const { trace_id, span_id, started_at } = call;
  await harness.insertCalls([{ ...call, version: call.version - 1, model: 'older' }, call]);
  const of = { project: 'shop', trace_id, span_id };
  await harness.insertPayloads([
    // Told by events, one of them in the next hour; the later one first.
    makePayload({
      ...of,
      started_at: started_at + 50_000,
      part: `${started_at + 50_000} gen_ai.choice`,
      input: '',
      output: '{"a":2}',
    }),
    makePayload({
      ...of,
      started_at: started_at + 9,
      part: `${started_at + 9} gen_ai.choice`,
      input: '',
      output: 'one',
    }),
    makePayload({ ...of, started_at, truncated: true, input: 'hello', output: '' }),
  ]);
  await harness.insertScores([
    makeScore({ ...of, name: 'accuracy', value: 0.5 }),
    makeScore({
      project: 'shop',
      trace_id: idOf(0, 16),
      span_id: idOf(0, 8),
      response_hash: idOf(77, 32),
      name: 'tone',
    }),
    makeScore({
      project: 'shop',
      trace_id: idOf(0, 16),
      span_id: idOf(0, 8),
      response_id: 'resp-0123456789-abcdef',
      name: 'wit',
    }),
    makeScore({ project: 'other', trace_id, span_id, name: 'of another project' }),
  ]);
  const answer = await open(call);
  assert.equal(answer.call.model, 'small-chat-v1');
  assert.equal(answer.call.started_at, new Date(started_at / 1000).toISOString().replace('999Z', '999999Z'));
  assert.equal(answer.call.parent_span_id, '000000000000000c');
  assert.equal(answer.call.cost_usd, 0.000123456789);
  assert.deepEqual(answer.call.attributes, { 'server.address': 'api.example.com' });
  assert.deepEqual([answer.counted, answer.counted_as], [true, []]);
  const { expires_at, ...payload } = answer.payload;
  assert.equal(Date.parse(expires_at), Math.floor(started_at / 1000) + 14 * 86_400_000);
  assert.deepEqual(payload, {
    state: 'kept',
    truncated: true,
    input: 'hello',
    output: '["one",{"a":2}]',
    system: null,
    from: null,
  });
  assert.deepEqual(
    answer.scores.map(({ name, by, value }: Record<string, unknown>) => [name, by, value]),
    [
      ['accuracy', 'span', 0.5],
      ['tone', 'response_hash', 1],
      ['wit', 'response_id', 1],
    ],
  );
});

test('neighbours tell how often the answer came back and whether the prompt got different ones', async () => {
  const prompt_hash = idOf(1_001, 32);
  const response_hash = idOf(1_002, 32);
  const first = makeCall({ project: 'shop', prompt_hash, response_hash });
  const again = makeCall({
    project: 'shop',
    prompt_hash,
    response_hash: idOf(1_003, 32),
    model: 'candidate-xl',
    started_at: first.started_at + 5,
  });
  const elsewhere = makeCall({
    project: 'shop',
    prompt_hash: idOf(1_004, 32),
    response_hash,
    started_at: first.started_at - 40 * 86_400_000_000,
  });
  await harness.insertCalls([
    first,
    first,
    again,
    elsewhere,
    makeCall({ project: 'other', prompt_hash, response_hash }),
  ]);
  const { neighbours } = await open(first);
  const { same_response, same_prompt } = neighbours;
  assert.deepEqual([same_response.calls, same_response.prompts], [2, 2]);
  assert.deepEqual(same_response.examples, [{ ...idsOf(elsewhere), response_hash: hex(response_hash) }]);
  assert.deepEqual([same_prompt.calls, same_prompt.answers, same_prompt.different_answers], [2, 2, true]);
  assert.deepEqual(same_prompt.models.toSorted(), ['candidate-xl', 'small-chat-v1']);
  assert.deepEqual(same_prompt.examples, [{ ...idsOf(again), response_hash: hex(idOf(1_003, 32)) }]);
  assert.deepEqual((await open(lone)).neighbours, { same_response: null, same_prompt: null });
});

test('a carrier is answered as not counted, with the calls that count in its place', async () => {
  const trace_id = idOf(5_000_001, 16);
  const agent = makeCall({ project: 'shop', trace_id, kind: 'carrier', duration_ms: 2_000 });
  const inside = [100_000, 900_000].map((after_us) =>
    makeCall({ project: 'shop', trace_id, started_at: agent.started_at + after_us }),
  );
  await harness.insertCalls([agent, ...inside]);
  const answer = await open(agent);
  assert.equal(answer.counted, false);
  assert.deepEqual(answer.counted_as, inside.map(idsOf));
  const trace = (await get(harness.app, `/v1/traces/${hex(trace_id)}`)).json;
  assert.deepEqual(
    [trace.calls, trace.cost_usd, trace.duration_ms, trace.roots.length],
    [2, 0.001, 2_000, 1],
  );
  const [root] = trace.roots;
  assert.deepEqual([root.call.kind, root.counted, root.placed], ['carrier', false, 'root']);
  assert.deepEqual(
    root.children.map((child: { counted: boolean; placed: string }) => [child.counted, child.placed]),
    [
      [true, 'interval'],
      [true, 'interval'],
    ],
  );
});

test('what is not there, expired, or of another project is a 404 that says so; what is no id is named', async () => {
  const old = makeCall({ project: 'shop', started_at: lone.started_at - 91 * 86_400_000_000 });
  await harness.insertCalls([old]);
  const absent = `/v1/calls/${'ab'.repeat(16)}/${'cd'.repeat(8)}`;
  for (const [path, key] of [
    [absent],
    [pathOf(old)],
    [pathOf(lone), OTHER_KEY],
    [`/v1/traces/${hex(lone.trace_id)}`, OTHER_KEY],
  ] as const) {
    const { status, json } = await get(harness.app, path, key);
    assert.deepEqual([status, json.type], [404, '/problems/no-such-call'], path);
    assert.match(json.detail, /expired/);
  }
  for (const [path, parameter] of [
    ['/v1/calls/xyz/0123456789abcdef', 'trace_id'],
    [`/v1/calls/${'ab'.repeat(16)}/1`, 'span_id'],
    ['/v1/traces/%27%20OR%201=1', 'trace_id'],
  ] as const) {
    const { status, json } = await get(harness.app, path);
    assert.deepEqual([status, json.parameter], [400, parameter], path);
  }
});

const span = (
  span_id: string,
  parent: string,
  from_ms: number,
  duration_ms: number,
  kind = 'call',
): ShownCall =>
  ({
    span_id,
    parent_span_id: parent,
    started_at: new Date(1_700_000_000_000 + from_ms).toISOString().replace('Z', '000Z'),
    duration_ms,
    kind,
  }) as unknown as ShownCall;

/** `a(b c(d))` */
const drawn = (nodes: ReturnType<typeof treeOf>): string =>
  nodes
    .map(({ call, children }) => `${call.span_id}${children.length ? `(${drawn(children)})` : ''}`)
    .join(' ');

const trees: [what: string, spans: ShownCall[], tree: string][] = [
  [
    'a parent that is stored holds its child',
    [span('a', '', 0, 9), span('b', 'a', 1, 1), span('c', 'b', 1, 1)],
    'a(b(c))',
  ],
  [
    'under an unknown parent the shortest carrier around counts',
    [
      span('a', '', 0, 100, 'carrier'),
      span('b', 'a', 10, 50, 'carrier'),
      span('c', 'unknown', 20, 5),
      span('d', 'unknown', 80, 5),
      span('e', 'unknown', 90, 50),
    ],
    'a(b(c) d) e',
  ],
  ['a call is no ancestor by its interval alone', [span('a', '', 0, 100), span('b', 'x', 1, 1)], 'a b'],
  [
    'spans that name each other as parent, or themselves, are all there once',
    [span('a', 'b', 0, 9), span('b', 'a', 0, 9), span('c', 'c', 0, 9)],
    'b(a) c',
  ],
  [
    'equal carriers lie in each other once',
    [span('a', '', 0, 9, 'carrier'), span('b', '', 0, 9, 'carrier')],
    'a(b)',
  ],
];
for (const [what, spans, expected] of trees) {
  test(what, () => assert.equal(drawn(treeOf(spans, new Set())), expected));
}

test('a payload is what its parts told, and else there is a reason', () => {
  const part = (name: string, input: string) => ({
    part: name,
    truncated: false,
    input,
    output: '',
    system: '',
  });
  assert.equal(assemble([part('9 a', 'first'), part('10 a', 'second')], 'input'), '["first","second"]');
  assert.equal(assemble([part('9 a', 'told'), part('', 'own')], 'input'), 'own');
  assert.equal(assemble([part('9 a', 'told'), part('', '')], 'input'), 'told');
  assert.equal(assemble([], 'input'), null);
  const facts = { started_ms: 0, now_ms: 0, payloads_days: 1, has_hash: false };
  assert.equal(payloadState({ ...facts, now_ms: 86_400_000 }, false), 'expired');
  assert.equal(payloadState({ ...facts, has_hash: true }, false), 'hash_only');
  assert.equal(payloadState(facts, false), 'not_sent');
});
