/** Repeats fetched by id: they are answered, said not to count, and name what counts in their place. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { examine } from '../../ingest/settle/examiner.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { makeCall } from '../support/rows.ts';
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

let harness: Harness;
before(async () => {
  harness = await startHarness();
  const { writer } = harness;
  await writer.command('ALTER TABLE plumbline.examined DELETE WHERE 1', { settings: { mutations_sync: 2 } });
  await harness.insertCalls([inner, outer, agent]);
});
after(() => harness.stop());

async function open(call: CallRow) {
  const { trace_id, span_id } = idsOf(call);
  const { status, json, text } = await get(harness.app, `/v1/calls/${trace_id}/${span_id}`);
  assert.equal(status, 200, text);
  return json;
}

for (const when of ['before anybody has looked for repeats', 'once they are stored']) {
  test(`a repeat is not counted, ${when}`, async () => {
    if (when === 'once they are stored') {
      await examine({ warehouse: harness.writer, database: 'plumbline', calls_days: 90, now: Date.now });
      for (const repeat of [outer, agent]) assert.deepEqual((await open(repeat)).counted_as, [idsOf(inner)]);
    }
    assert.deepEqual([(await open(inner)).counted, (await open(inner)).counted_as], [true, []]);
    assert.equal((await open(outer)).counted, false);
    assert.equal((await open(agent)).counted, false);

    const items = (await get(harness.app, '/v1/calls?from=now-3d')).json.items as { span_id: string }[];
    assert.deepEqual(
      items.map(({ span_id }) => span_id),
      [hex(inner.span_id)],
    );
    const trace = (await get(harness.app, `/v1/traces/${hex(inner.trace_id)}`)).json;
    assert.equal(trace.calls, 1);
    const [root] = trace.roots;
    assert.deepEqual(
      [root.counted, root.children[0].counted, root.children[0].children[0].counted],
      [false, false, true],
    );
  });
}
