/** Scores that do not name the span that counts: they count for the call that stands in its place, and once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { examine } from '../../ingest/settle/examiner.ts';
import { BlockBuilder } from '../../schemas/native/block-builder.ts';
import { type CallRow, calls } from '../../schemas/record/calls.ts';
import { idOf, makeCall, makeScore } from '../support/rows.ts';
import { get, type Harness, hex, post, rowsOf, SHOP_KEY, startHarness } from './support/harness.ts';

const FIRST = makeCall().started_at;
const LONG_ID = 'resp-0123456789-abcdefghij';
const second = (n: number): number => FIRST + n * 1_000_000;
const idsOf = ({ trace_id, span_id }: CallRow) => ({ trace_id: hex(trace_id), span_id: hex(span_id) });

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

let traces = 0;
/** Calls of one trace; an environment of its own keeps each test's apart. */
function trace(environment: string, ...spans: Partial<CallRow>[]): CallRow[] {
  const trace_id = idOf(900_000 + ++traces, 16);
  return spans.map((span) =>
    makeCall({
      project: 'shop',
      environment,
      trace_id,
      scope: 'client',
      input_tokens: null,
      output_tokens: null,
      ...span,
    }),
  );
}
const CARRIER = { kind: 'carrier', operation: 'invoke_agent', scope: 'agents', duration_ms: 10_000 } as const;

async function score(call: CallRow, name: string, value: number): Promise<void> {
  const { status, text } = await post(harness.app, '/v1/scores', { ...idsOf(call), name, value });
  assert.equal(status, 200, text);
}
/** The search by a score finds the calls that the mean is made of, each with its value. */
async function assertFound(query: string, name: string, more: string, average: unknown): Promise<void> {
  const { json, text } = await get(harness.app, `/v1/calls?${query}&score=${name}${more}&limit=500`);
  assert.ok(json.items, text);
  const values = json.items.map((item: Record<string, unknown>) => item.score);
  const sum = values.reduce((total: number, value: number) => total + value, 0);
  const mean = values.length === 0 ? null : sum / values.length;
  assert.equal(
    typeof mean === 'number' ? mean.toFixed(9) : mean,
    (average as number | null)?.toFixed(9) ?? null,
  );
}
const average = async (environment: string, name: string, more = ''): Promise<unknown> => {
  const window = `from=now-3d&environment=${environment}`;
  const [row] = await rowsOf(harness.app, `/v1/rollups?${window}&metrics=score_avg&score=${name}${more}`);
  await assertFound(window, name, more, row!.score_avg);
  return row!.score_avg;
};
const byModel = async (environment: string, name: string): Promise<unknown> => {
  const query = `from=now-3d&metrics=score_avg&score=${name}&environment=${environment}&group_by=model&order_by=model`;
  const rows = await rowsOf(harness.app, `/v1/rollups?${query}`);
  for (const { model, score_avg } of rows) {
    await assertFound(`from=now-3d&environment=${environment}`, name, `&model=${model}`, score_avg);
  }
  return rows.map((row) => [row.model, row.score_avg]);
};
async function shown(call: CallRow): Promise<unknown[]> {
  const { trace_id, span_id } = idsOf(call);
  const { status, json, text } = await get(harness.app, `/v1/calls/${trace_id}/${span_id}`);
  assert.equal(status, 200, text);
  return json.scores.map((one: Record<string, unknown>) => [one.name, one.by, one.value]);
}

test('a score of an agent counts for the one call in it: in rollups, comparisons, gates and for the call itself', async () => {
  const pairs = ['old', 'new'].flatMap((model) =>
    Array.from({ length: 30 }, (_, n) =>
      trace(
        'agents',
        { ...CARRIER, started_at: second(n), input_tokens: 9, output_tokens: 9 },
        { model, started_at: second(n + 1) },
      ),
    ),
  );
  await harness.insertCalls(pairs.flat());
  for (const [agent, call] of pairs) await score(agent!, 'accuracy', call!.model === 'new' ? 1 : 0.5);
  assert.deepEqual(await byModel('agents', 'accuracy'), [
    ['new', 1],
    ['old', 0.5],
  ]);
  const arms = 'baseline=model:old&candidate=model:new&from=now-3d&environment=agents';
  const { rows } = (await get(harness.app, `/v1/compare?${arms}&score=accuracy`)).json;
  const row = rows.find(
    (one: Record<string, unknown>) => one.metric === 'score:accuracy' && one.role === 'candidate',
  );
  assert.deepEqual([row.value, row.n], [1, 30]);
  const canary = { model: 'new', criteria: ['accuracy>=0.9'] };
  const body = {
    config: { route: { default_model: 'old', canary } },
    from: 'now-3d',
    filters: { environment: 'agents' },
  };
  const gate = await post(harness.app, '/v1/gates/evaluate', body, SHOP_KEY);
  assert.equal(gate.json.evidence[0].candidate.value, 1, gate.text);
  const [agent, call] = pairs[0]!;
  assert.deepEqual(await shown(call!), [['accuracy', 'repeat', 0.5]]);
  assert.deepEqual(await shown(agent!), [['accuracy', 'span', 0.5]]);
});

test('a score of an agent over several calls counts once, for the last to end, whatever is asked for', async () => {
  const spans = trace(
    'several',
    { ...CARRIER, started_at: second(0), input_tokens: 9, output_tokens: 9 },
    { model: 'a', started_at: second(1) },
    { model: 'b', started_at: second(2), duration_ms: 6_000, response_id: 'resp-of-b' },
    { model: 'c', started_at: second(3) },
    { model: 'd', started_at: second(9), operation: 'embeddings' },
  );
  await harness.insertCalls(spans);
  const [agent, ...others] = spans;
  await score(agent!, 'whole', 0.7);
  assert.deepEqual(await byModel('several', 'whole'), [
    ['a', null],
    ['b', 0.7],
    ['c', null],
    ['d', null],
  ]);
  for (const { model } of others) {
    assert.equal(await average('several', 'whole', `&model=${model}`), model === 'b' ? 0.7 : null, model);
  }
  assert.deepEqual(await Promise.all(others.map(shown)), [[], [['whole', 'repeat', 0.7]], [], []]);
});

test('of several calls the one is scored whose answer the score names too', async () => {
  const spans = trace(
    'named',
    { ...CARRIER, started_at: second(0), input_tokens: 9, output_tokens: 9 },
    { model: 'a', started_at: second(1), response_id: 'chatcmpl-1' },
    { model: 'b', started_at: second(2) },
  );
  await harness.insertCalls(spans);
  const { trace_id, span_id } = spans[0]!;
  await harness.insertScores([
    makeScore({ project: 'shop', trace_id, span_id, response_id: 'chatcmpl-1', name: 'tone' }),
  ]);
  assert.deepEqual(await byModel('named', 'tone'), [
    ['a', 1],
    ['b', null],
  ]);
});

test('an agent without usage, which is not stored, hands its score to the last call right under it', async () => {
  const parent_span_id = idOf(77_001, 8);
  const children = trace(
    'unstored',
    { model: 'a', started_at: second(1), parent_span_id },
    { model: 'b', started_at: second(2), parent_span_id },
    { model: 'c', started_at: second(3) },
  );
  await harness.insertCalls(children);
  await score({ ...children[0]!, span_id: parent_span_id }, 'accuracy', 0.3);
  assert.deepEqual(await byModel('unstored', 'accuracy'), [
    ['a', null],
    ['b', 0.3],
    ['c', null],
  ]);
  assert.deepEqual(await shown(children[1]!), [['accuracy', 'repeat', 0.3]]);
});

test('repeats of repeats are followed to what counts, into another trace too', async () => {
  const [top, middle, bottom] = trace(
    'chain',
    { scope: 'library', duration_ms: 900 },
    { scope: 'library', duration_ms: 800, started_at: FIRST + 10_000 },
    { scope: 'library', duration_ms: 700, started_at: FIRST + 20_000, response_id: LONG_ID },
  );
  middle!.parent_span_id = top!.span_id;
  bottom!.parent_span_id = middle!.span_id;
  const [gateway] = trace('chain', {
    scope: 'gateway',
    started_at: FIRST + 30_000,
    input_tokens: 5,
    output_tokens: 6,
    response_id: LONG_ID,
  });
  await harness.insertCalls([top!, middle!, bottom!, gateway!]);
  await score(top!, 'accuracy', 0.25);
  assert.equal(await average('chain', 'accuracy'), 0.25);
  assert.deepEqual(await shown(gateway!), [['accuracy', 'repeat', 0.25]]);
});

test('a score by the provider’s id counts where it is shown; a short id names an answer of its trace alone', async () => {
  const id = `${LONG_ID}-2`;
  const [call] = trace('ids', { response_id: id });
  const [one] = trace('ids', { response_id: 'chatcmpl-7', started_at: second(60) });
  const [other] = trace('ids', { response_id: 'chatcmpl-7', started_at: second(90) });
  await harness.insertCalls([call!, one!, other!]);
  const none = { project: 'shop', trace_id: idOf(0, 16), span_id: idOf(0, 8) };
  await harness.insertScores([
    makeScore({ ...none, response_id: id, name: 'wit', value: 0.4 }),
    // As an SDK does that adds the span it happens to be in.
    makeScore({ project: 'shop', response_id: id, name: 'far', value: 0.6 }),
    makeScore({ ...none, response_id: 'chatcmpl-7', name: 'short', value: 0.8 }),
    makeScore({ ...none, trace_id: one!.trace_id, response_id: 'chatcmpl-7', name: 'ours', value: 0.2 }),
  ]);
  for (const [name, value] of [
    ['wit', 0.4],
    ['far', 0.6],
    ['short', null],
    ['ours', 0.2],
  ] as const) {
    assert.equal(await average('ids', name), value, name);
  }
  assert.deepEqual(await Promise.all([call!, one!, other!].map(shown)), [
    [
      ['far', 'response_id', 0.6],
      ['wit', 'response_id', 0.4],
    ],
    [['ours', 'response_id', 0.2]],
    [],
  ]);
});

test('a call that scores reach by three ways has their mean, and weighs as much as any other', async () => {
  const response_hash = idOf(5_005, 32);
  const [agent, call] = trace(
    'ways',
    { ...CARRIER, started_at: second(0), input_tokens: 9, output_tokens: 9 },
    { started_at: second(1), response_hash },
  );
  const [plain] = trace('ways', { started_at: second(30) });
  await harness.insertCalls([agent!, call!, plain!]);
  await score(agent!, 'mixed', 1);
  await score(call!, 'mixed', 0.5);
  await harness.insertScores([
    makeScore({
      project: 'shop',
      trace_id: idOf(0, 16),
      span_id: idOf(0, 8),
      response_hash,
      name: 'mixed',
      value: 0,
    }),
  ]);
  await score(plain!, 'mixed', 1);
  assert.equal(await average('ways', 'mixed'), 0.75);
  assert.deepEqual(await shown(call!), [
    ['mixed', 'repeat', 1],
    ['mixed', 'span', 0.5],
    ['mixed', 'response_hash', 0],
  ]);
});

test('while nobody has looked for repeats a score waits; once they are stored it counts', async () => {
  const [agent, call] = trace(
    'fresh',
    { ...CARRIER, started_at: second(0), input_tokens: 9, output_tokens: 9 },
    { started_at: second(1) },
  );
  const { writer } = harness;
  for (const table of ['examined', 'repeats']) {
    await writer.command(`ALTER TABLE plumbline.${table} DELETE WHERE 1`, {
      settings: { mutations_sync: 2 },
    });
  }
  const block = new BlockBuilder(calls);
  for (const row of [agent!, call!]) block.append(row);
  await writer.insert(await block.finish());
  await score(agent!, 'accuracy', 0.9);
  await score(call!, 'accuracy', 0.5);
  assert.equal(await average('fresh', 'accuracy'), 0.5);
  await examine({ warehouse: writer, database: 'plumbline', calls_days: 90, now: Date.now });
  assert.equal(await average('fresh', 'accuracy'), 0.7);
});
