/** A span of an erased user that comes late is a repeat like any other, until it is removed: nothing of it is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eraseUser } from '../../ingest/settle/erase.ts';
import { recordErasure, takeOwnSpans } from '../../schemas/queries/settling/erase.ts';
import { WHOLE } from '../../schemas/queries/settling/shares.ts';
import { makeCall, makePayload } from '../support/rows.ts';
import { get, hex, startHarness } from './support/harness.ts';

test('a search does not find a call by the text of an erased user’s span that came late', async () => {
  const harness = await startHarness();
  try {
    const { writer } = harness;
    const outers = ['erased', 'kept'].map((user_id, index) =>
      makeCall({ project: 'shop', scope: 'library', duration_ms: 900, user_id, process: BigInt(index) }),
    );
    const inners = outers.map(({ trace_id, span_id, started_at, process }) =>
      makeCall({
        ...{ project: 'shop', scope: 'client', duration_ms: 800, trace_id, process },
        ...{ parent_span_id: span_id, started_at: started_at + 1_000 },
      }),
    );
    await harness.insertCalls(inners);
    const store = { warehouse: writer, database: 'plumbline', calls_days: 90, now: Date.now };
    await eraseUser(store, { project: 'shop', user_id: 'erased' });
    await harness.insertCalls(outers);
    await harness.insertPayloads(
      outers.map(({ project, trace_id, span_id, started_at }) =>
        makePayload({ project, trace_id, span_id, started_at, output: 'Told by the outer one.' }),
      ),
    );
    for (const by of ['', `&trace_id=${hex(inners[0]!.trace_id)}`, `&trace_id=${hex(inners[1]!.trace_id)}`]) {
      const { json } = await get(harness.app, `/v1/calls?text=outer+one&from=now-3d${by}`);
      assert.deepEqual(
        json.items.map(({ span_id }: { span_id: string }) => span_id),
        by.endsWith(hex(inners[0]!.trace_id)) ? [] : [hex(inners[1]!.span_id)],
      );
    }
    const told = await Promise.all(
      inners.map(async ({ trace_id, span_id }) => {
        const { json } = await get(harness.app, `/v1/calls/${hex(trace_id)}/${hex(span_id)}`);
        return [json.repeats.length, json.payload.state, json.payload.output, json.payload.from?.span_id];
      }),
    );
    assert.deepEqual(told, [
      [0, 'not_sent', null, undefined],
      [1, 'kept', 'Told by the outer one.', hex(outers[1]!.span_id)],
    ]);
  } finally {
    await harness.stop();
  }
});

test('a span that was sent with two starts shows nothing of the one that is erased', async () => {
  const harness = await startHarness();
  try {
    const visible = makeCall({ project: 'shop' });
    const started_at = visible.started_at + 3_600_000_000;
    const erased = { ...visible, started_at, user_id: 'erased' };
    await harness.insertCalls([visible, erased]);
    const { trace_id, span_id } = visible;
    await harness.insertPayloads([
      makePayload({ project: 'shop', trace_id, span_id, started_at, output: 'of the erased one' }),
    ]);
    const shown = async () => (await get(harness.app, `/v1/calls/${hex(trace_id)}/${hex(span_id)}`)).json;
    assert.match(JSON.stringify((await shown()).payload), /of the erased/);
    // As an erasure begins: what it hides is still there.
    const erasure = { database: 'plumbline', project: 'shop', user_id: 'erased' };
    const erased_at = String(Date.now() * 1000);
    for (const { sql, params } of [
      recordErasure({ ...erasure, erased_at }),
      takeOwnSpans({ ...erasure, erased_at }, WHOLE),
    ])
      await harness.writer.command(sql, { params });
    const json = await shown();
    assert.equal(json.call.user_id, '');
    assert.doesNotMatch(JSON.stringify(json), /of the erased/);
  } finally {
    await harness.stop();
  }
});
