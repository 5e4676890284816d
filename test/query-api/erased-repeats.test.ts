/** A span of an erased user that comes late is a repeat like any other, until it is removed: nothing of it is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eraseUser } from '../../ingest/settle/erase.ts';
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
  } finally {
    await harness.stop();
  }
});
