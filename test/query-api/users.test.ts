import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { idOf, makeCall, makePayload, makeScore } from '../support/rows.ts';
import {
  type Answer,
  get,
  type Harness,
  hex,
  INGEST_KEY,
  KEYED_HASH,
  rowsOf,
  SHOP_KEY,
  startHarness,
} from './support/harness.ts';

const ann = KEYED_HASH.pseudonym('shop', 'ann');
const hash = { response_hash: idOf(31, 32), prompt_hash: idOf(32, 32) };
const call = makeCall({ project: 'shop', user_id: ann, ...hash });
const kept = makeCall({ project: 'shop', user_id: KEYED_HASH.pseudonym('shop', 'bob'), ...hash });
const elsewhere = makeCall({ project: 'other', user_id: KEYED_HASH.pseudonym('other', 'ann') });

let harness: Harness;
before(async () => {
  harness = await startHarness({ user_ids: 'pseudonym' });
  await harness.insertCalls([call, kept, elsewhere]);
  const of = { project: 'shop', trace_id: call.trace_id, span_id: call.span_id };
  await harness.insertPayloads([makePayload(of)]);
  await harness.insertScores([makeScore(of)]);
});
after(() => harness.stop());

async function erase(user_id: string, key = INGEST_KEY): Promise<Answer> {
  const url = `/v1/users/${encodeURIComponent(user_id)}`;
  const headers = { authorization: `Bearer ${key}` };
  const reply = await harness.app.inject({ method: 'DELETE', url, headers });
  const { statusCode: status, body: text, rawPayload: raw } = reply;
  return { status, headers: reply.headers, text, raw, json: reply.json() };
}

test('an erased user is in no answer, and the report says what was removed', async () => {
  const path = `/v1/calls/${hex(call.trace_id)}/${hex(call.span_id)}`;
  assert.equal((await get(harness.app, path)).status, 200);
  const scored = async (): Promise<unknown> =>
    (await get(harness.app, '/v1/calls?from=now-3d&score=accuracy')).json.items.length;
  assert.equal(await scored(), 1);
  const { status, json } = await erase('ann');
  assert.equal(status, 200);
  assert.deepEqual([json.user_ids, json.calls, json.payloads, json.scores], [[ann], 1, 1, 1]);
  assert.match(json.remains, /^Nothing/);
  assert.equal((await get(harness.app, path)).status, 404);
  assert.equal((await get(harness.app, `/v1/traces/${hex(call.trace_id)}`)).status, 404);
  assert.deepEqual((await get(harness.app, '/v1/calls?from=now-3d&user_id=ann')).json.items, []);
  assert.deepEqual(await rowsOf(harness.app, '/v1/rollups?from=now-3d&metrics=calls'), [{ calls: 1 }]);

  // It comes again, out of a log that still held it: it stays out of sight before it is removed.
  await harness.insertCalls([call]);
  assert.equal((await get(harness.app, path)).status, 404);
  await harness.insertScores([
    makeScore({ project: 'shop', trace_id: call.trace_id, span_id: call.span_id }),
  ]);
  assert.equal(await scored(), 0);
  const { neighbours } = (await get(harness.app, `/v1/calls/${hex(kept.trace_id)}/${hex(kept.span_id)}`))
    .json;
  assert.deepEqual([neighbours.same_response.calls, neighbours.same_prompt.calls], [1, 1]);
  assert.equal((await erase('ann')).status, 200, 'again');
});

test('nobody is erased by a read key, of another project, or without a name', async () => {
  assert.equal((await erase('bob', SHOP_KEY)).json.type, '/problems/wrong-key');
  assert.deepEqual((await erase('nobody')).json.calls, 0);
  assert.equal((await erase('x'.repeat(1_001))).json.parameter, 'user_id');
  const { rows } = await harness.writer.query<{ calls: number }>(
    'SELECT count() AS calls FROM plumbline.calls FINAL',
  );
  assert.equal(Number(rows[0]!.calls), 2, 'bob’s, and that of the other project’s ann');
});
