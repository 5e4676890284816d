/** Spans that tell of one call: which counts, what is named in its place, and what only the others tell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { examine } from '../../ingest/settle/examiner.ts';
import { CLOCK_GRAIN_MS } from '../../schemas/queries/settling/times.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { makeCall, makePayload } from '../support/rows.ts';
import { get, type Harness, hex, startHarness } from './support/harness.ts';

const idsOf = (call: CallRow) => ({ trace_id: hex(call.trace_id), span_id: hex(call.span_id) });
const of = { project: 'shop', input_tokens: 1_234, output_tokens: 56, duration_ms: 900 };
/** A library's span around a client's: the inner one counts. */
const inner = makeCall({
  ...of,
  scope: 'client',
  duration_ms: 800,
  started_at: makeCall().started_at + 50_000,
});
const outer = makeCall({
  ...of,
  scope: 'library',
  trace_id: inner.trace_id,
  started_at: inner.started_at - 50_000,
});
inner.parent_span_id = outer.span_id;
const agent = makeCall({
  project: 'shop',
  kind: 'carrier',
  trace_id: inner.trace_id,
  started_at: outer.started_at - 1_000,
  duration_ms: 2_000,
});

/** The same in two traces, which only the answer's id ties together. */
const apart = {
  ...of,
  response_id: 'resp-0123456789-abcdefghij',
  started_at: inner.started_at + 600_000_000,
};
const far = makeCall({ ...apart, scope: 'library' });
const near = makeCall({ ...apart, scope: 'client', duration_ms: 800, started_at: apart.started_at + 50_000 });
/** Two calls in a carrier that has messages. */
const several = { ...of, started_at: inner.started_at + 1_200_000_000, trace_id: makeCall().trace_id };
const sum = makeCall({ ...several, kind: 'carrier', duration_ms: 5_000, scope: 'agent' });
const parts = [1, 2].map((n) =>
  makeCall({ ...several, started_at: several.started_at + n * 1_500_000, input_tokens: 100 * n }),
);
/** A gateway's span below a client's below a library's, of which only the parents tell: nothing ties the first to the last. */
const chain = { project: 'shop', input_tokens: null, output_tokens: null, trace_id: makeCall().trace_id };
const top = makeCall({
  ...chain,
  scope: 'library',
  process: 1n,
  started_at: inner.started_at + 1_800_000_000,
});
const middle = makeCall({ ...chain, scope: 'client', process: 1n, parent_span_id: top.span_id });
const bottom = makeCall({ ...chain, scope: 'gateway', process: 2n, parent_span_id: middle.span_id });
for (const [n, call] of [middle, bottom].entries()) {
  Object.assign(call, { started_at: top.started_at + 20_000 * (n + 1), duration_ms: 200 - 50 * n });
}

const payloadOf = (call: CallRow, input: string) => {
  const { project, trace_id, span_id, started_at } = call;
  return makePayload({ project, trace_id, span_id, started_at, input });
};

let harness: Harness;
before(async () => {
  harness = await startHarness();
  const { writer } = harness;
  await writer.command('ALTER TABLE plumbline.examined DELETE WHERE 1', { settings: { mutations_sync: 2 } });
  await harness.insertPayloads([
    payloadOf(outer, 'Where is the library?'),
    payloadOf(far, 'How far is it?'),
    payloadOf(sum, 'A question of two calls'),
    payloadOf(top, 'The chain begins here'),
  ]);
  await harness.insertCalls([inner, outer, agent, far, near, sum, ...parts, top, middle, bottom]);
  // Found when they were inserted.
  await writer.command('TRUNCATE TABLE plumbline.repeats');
});
after(() => harness.stop());

async function open(call: CallRow) {
  const { trace_id, span_id } = idsOf(call);
  const { status, json, text } = await get(harness.app, `/v1/calls/${trace_id}/${span_id}`);
  assert.equal(status, 200, text);
  return json;
}

const search = async (more: string) => {
  const { json } = await get(harness.app, `/v1/calls?from=now-3d${more}`);
  return (json.items as { trace_id: string; span_id: string }[]).map(({ trace_id, span_id }) => ({
    trace_id,
    span_id,
  }));
};
const bySpan = <Id extends { span_id: string }>(ids: readonly Id[]): Id[] =>
  ids.toSorted((a, b) => (a.span_id < b.span_id ? -1 : 1));

for (const when of ['before anybody has looked for repeats', 'once they are stored']) {
  test(`a repeat is not counted, ${when}`, async () => {
    if (when === 'once they are stored') {
      await examine({ warehouse: harness.writer, database: 'plumbline', calls_days: 90, now: Date.now });
    }
    for (const repeat of [outer, agent]) assert.deepEqual((await open(repeat)).counted_as, [idsOf(inner)]);
    assert.deepEqual([(await open(inner)).counted, (await open(inner)).counted_as], [true, []]);
    assert.equal((await open(outer)).counted, false);
    assert.equal((await open(agent)).counted, false);

    const counted = [bottom, ...parts.toReversed(), near, inner];
    assert.deepEqual(await search(''), counted.map(idsOf));
    const trace = (await get(harness.app, `/v1/traces/${hex(inner.trace_id)}`)).json;
    assert.equal(trace.calls, 1);
    const [root] = trace.roots;
    assert.deepEqual(
      [root.counted, root.children[0].counted, root.children[0].children[0].counted],
      [false, false, true],
    );
  });
}

for (const when of ['before anybody has looked for repeats', 'once they are stored']) {
  test(`a call names what tells of it again, and shows the payload that only that has, ${when}`, async () => {
    const { writer } = harness;
    if (when === 'before anybody has looked for repeats') {
      for (const table of ['repeats', 'examined']) await writer.command(`TRUNCATE TABLE plumbline.${table}`);
    } else {
      await sleep(CLOCK_GRAIN_MS + 200);
      await examine({ warehouse: writer, database: 'plumbline', calls_days: 90, now: Date.now });
    }
    for (const [call, repeats, from, input] of [
      [inner, [outer, agent], outer, 'Where is the library?'],
      [near, [far], far, 'How far is it?'],
      [parts[0]!, [], null, null],
      [bottom, [top, middle], top, 'The chain begins here'],
    ] as const) {
      const answer = await open(call);
      assert.equal(answer.counted, true);
      assert.deepEqual(bySpan(answer.repeats), bySpan(repeats.map(idsOf)));
      const { payload } = answer;
      assert.deepEqual(
        [payload.state, payload.from, payload.input],
        [from ? 'kept' : 'not_sent', from && idsOf(from), input],
      );
    }
    const own = await open(outer);
    assert.deepEqual([own.repeats, own.payload.state, own.payload.from], [[], 'kept', null]);
    for (const repeat of [top, middle]) assert.deepEqual((await open(repeat)).counted_as, [idsOf(bottom)]);
    assert.deepEqual((await open(far)).counted_as, [idsOf(near)]);
    assert.deepEqual(bySpan((await open(sum)).counted_as), bySpan(parts.map(idsOf)));
  });
}

test('a search finds a call by the text of what tells of it again, once', async () => {
  for (const [text, calls] of [
    ['the+LIBRARY', [inner]],
    ['how+far', [near]],
    ['chain+begins', [bottom]],
    ['of+two+calls', parts.toReversed()],
    ['where%3F', []],
  ] as const) {
    assert.deepEqual(await search(`&text=${text}`), calls.map(idsOf), text);
  }
  const trace_id = hex(near.trace_id);
  assert.deepEqual(await search(`&text=how+far&trace_id=${trace_id}`), [idsOf(near)]);
  assert.deepEqual(await search(`&text=library&trace_id=${trace_id}`), []);
});

test('a list says of a payload that a repeat in the trace has that it is kept', async () => {
  const { json } = await get(harness.app, '/v1/calls?from=now-3d');
  const states = new Map(
    (json.items as { span_id: string; payload: { state: string } }[]).map((item) => [
      item.span_id,
      item.payload.state,
    ]),
  );
  for (const [call, state] of [
    [inner, 'kept'],
    [bottom, 'kept'],
    [parts[0]!, 'not_sent'],
  ] as const) {
    assert.equal(states.get(hex(call.span_id)), state);
  }
});
