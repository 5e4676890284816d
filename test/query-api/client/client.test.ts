import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient, ProblemError } from '../../../query-api/client/client.ts';
import { documentOf, typeOf, typesOf } from '../../../query-api/client/generate.ts';
import { SAMPLE_CALL } from '../../../query-api/code-samples.ts';
import { makeCall } from '../../support/rows.ts';
import { textOf } from '../../tidy/sources.ts';
import { type Harness, INGEST_KEY, SHOP_KEY, startHarness } from '../support/harness.ts';

let harness: Harness;
let base_url: string;
before(async () => {
  harness = await startHarness();
  const { trace_id, span_id } = SAMPLE_CALL;
  const ids = { trace_id: Buffer.from(trace_id, 'hex'), span_id: Buffer.from(span_id, 'hex') };
  await harness.insertCalls([
    makeCall({ project: 'shop', ...ids }),
    makeCall({ project: 'shop', model: 'b&c=d' }),
  ]);
  base_url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
});
after(() => harness.stop());

test('the types are those of the document: node query-api/client/generate.ts writes them', async () => {
  assert.equal(textOf('query-api/client/types.ts'), typesOf(await documentOf()));
});

test('a client asks with a query, a path and a body, and gets what the types say', async () => {
  const client = createClient({ base_url, key: SHOP_KEY });
  const { rows, group_by } = await client.ask('GET /v1/rollups', {
    query: { from: 'now-3d', metrics: ['calls'], group_by: ['model'], model: ['b&c=d', 'none'] },
  });
  assert.deepEqual([group_by, rows], [['model'], [{ model: 'b&c=d', calls: 1 }]]);
  const one = await client.ask('GET /v1/calls/{trace_id}/{span_id}', { path: SAMPLE_CALL });
  assert.deepEqual([one.call.span_id, one.call.status, one.counted], [SAMPLE_CALL.span_id, 'ok', true]);
  const stored = await createClient({ base_url, key: INGEST_KEY }).ask('POST /v1/scores', {
    body: [{ ...SAMPLE_CALL, name: 'accuracy', value: 1 }],
  });
  assert.deepEqual(stored, { stored: 1, known: 1 });
});

test('a problem is thrown as one, and a request can be given up', async () => {
  const client = createClient({ base_url, key: SHOP_KEY });
  await assert.rejects(client.ask('GET /v1/calls', { query: { trace_id: 'x' } }), (error: unknown) => {
    assert.ok(error instanceof ProblemError);
    assert.deepEqual([error.problem.status, error.problem.parameter], [400, 'trace_id']);
    return true;
  });
  await assert.rejects(createClient({ base_url }).ask('GET /v1/status', {}), /needs a key/);
  await assert.rejects(client.ask('GET /v1/status', { signal: AbortSignal.abort() }), /abort/i);
});

test('schemas become types', () => {
  assert.equal(
    typeOf({ anyOf: [{ type: 'array', items: { type: 'integer' } }, { type: 'null' }] }),
    '(number)[] | null',
  );
  assert.equal(typeOf({ type: ['string', 'number'] }), 'string | number');
  assert.equal(
    typeOf({
      type: 'object',
      properties: { a: { $ref: '#/components/schemas/Call' }, 'b-c': {} },
      required: ['a'],
    }),
    '{ a: Call; "b-c"?: unknown }',
  );
  assert.equal(
    typeOf({ type: 'object', additionalProperties: { enum: ['x', null] } }),
    'Record<string, "x" | null>',
  );
  assert.equal(typeOf({ const: 1 }), '1');
});
