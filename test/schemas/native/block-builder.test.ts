/** The block encoder against the server that reads it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClickhouseWarehouse } from '../../../adapters/clickhouse-warehouse.ts';
import { BlockBuilder } from '../../../schemas/native/block-builder.ts';
import { type CallRow, calls } from '../../../schemas/record/calls.ts';
import { payloads } from '../../../schemas/record/payloads.ts';
import { scores } from '../../../schemas/record/scores.ts';
import type { Warehouse } from '../../../schemas/seams.ts';
import { migrate } from '../../../schemas/tables/migrations.ts';
import { startTestEngine, type TestEngine } from '../../support/engine.ts';
import { idOf, makeCall, makePayload, makeScore } from '../../support/rows.ts';

const retention = { payloads_days: 14, calls_days: 90, rollups_days: 400 };
let engine: TestEngine;
let warehouse: Warehouse;

before(async () => {
  engine = await startTestEngine();
  const { url, writer, database } = engine.engine;
  warehouse = createClickhouseWarehouse({ url, ...writer, database });
  await migrate(warehouse, { database, retention });
});
after(async () => {
  await warehouse.close();
  await engine.stop();
});

async function blockOf(rows: CallRow[]) {
  const builder = new BlockBuilder(calls);
  for (const row of rows) builder.append(row);
  return builder.finish();
}

async function stored(project: string): Promise<Record<string, unknown>[]> {
  const { rows } = await warehouse.query<Record<string, unknown>>(
    `SELECT * EXCEPT (inserted_at, process, trace_id, span_id, parent_span_id, prompt_hash, response_hash),
       lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, lower(hex(prompt_hash)) AS prompt,
       response_hash IS NULL AS no_response_hash, toUnixTimestamp64Micro(started_at) AS started_us, hour,
       toString(process) AS process
     FROM plumbline.calls FINAL WHERE project = {project:String} ORDER BY trace_id, span_id`,
    { params: { project } },
  );
  return rows;
}

test('a row comes back as it was given, every field of it', async () => {
  const row = makeCall({
    project: 'round-trip',
    kind: 'carrier',
    clock_skewed: true,
    truncated: true,
    stream: true,
    process: 0xfedc_ba98_7654_3210n,
    slices: ['short', 'noisy'],
    user_id: 'u_ünïcode 🙂',
    input_tokens: 4_294_967_295,
    output_tokens: null,
    cache_read_tokens: 0,
    duration_ms: 1234.567891,
    ttft_ms: 0.25,
    cost_usd: 123.456789012345,
    cost_input_usd: 0.000000000001,
    cost_output_usd: null,
    cost_status: 'override',
    status: 'error',
    error_type: 'rate_limit',
    http_status: 429,
    error_message: 'x'.repeat(300),
    client_retries: 255,
    prompt_hash: Buffer.alloc(32, 0xab),
    response_hash: null,
    confidence: 0.5,
    token_basis: 'additive',
    attributes: ['key', 'value', '__proto__', 'kept', 'long', 'é'.repeat(100)],
  });
  await warehouse.insert(await blockOf([row]));
  const [found] = await stored('round-trip');
  assert.ok(found);
  assert.equal(found.trace, Buffer.from(row.trace_id).toString('hex'));
  assert.equal(found.span, Buffer.from(row.span_id).toString('hex'));
  assert.equal(Number(found.started_us), row.started_at);
  assert.equal(found.hour, Math.floor(row.started_at / 3_600_000_000));
  assert.equal(Number(found.version), row.version);
  assert.equal(found.process, '18364758544493064720');
  assert.equal(found.prompt, 'ab'.repeat(32));
  assert.equal(found.no_response_hash, 1);
  assert.deepEqual(found.attributes, { key: 'value', ['__proto__']: 'kept', long: 'é'.repeat(100) });
  assert.equal(String(found.cost_usd), '123.456789012345');
  assert.equal(Number(found.cost_input_usd), 1e-12);
  for (const name of [
    'kind',
    'clock_skewed',
    'truncated',
    'stream',
    'slices',
    'user_id',
    'input_tokens',
    'output_tokens',
    'cache_read_tokens',
    'duration_ms',
    'ttft_ms',
    'cost_output_usd',
    'cost_status',
    'status',
    'error_type',
    'http_status',
    'error_message',
    'client_retries',
    'confidence',
    'token_basis',
    'service',
    'model',
  ] as const) {
    assert.deepEqual(found[name], row[name], name);
  }
});

test('dictionaries of more than 256 and more than 65,536 words, empty lists and empty maps are read', async () => {
  const rows = Array.from({ length: 70_000 }, (_, i) =>
    makeCall({
      project: 'words',
      model: `model-${i}`,
      slices: i % 3 === 0 ? [`slice-${i % 1000}`] : [],
      attributes: [],
    }),
  );
  await warehouse.insert(await blockOf(rows));
  const { rows: counted } = await warehouse.query<{ calls: number; models: number; slices: number }>(
    `SELECT count() AS calls, uniqExact(model) AS models, uniqExactArray(slices) AS slices
     FROM plumbline.calls WHERE project = 'words'`,
  );
  assert.deepEqual({ ...counted[0] }, { calls: 70_000, models: 70_000, slices: 1_000 });
});

test('frames of several blocks are one insert', async () => {
  const blocks = await Promise.all(
    [1, 2, 3].map((n) => blockOf(Array.from({ length: n }, () => makeCall({ project: 'frames' })))),
  );
  const joined = { ...blocks[0]!, rows: 6, body: Buffer.concat(blocks.map((block) => block.body)) };
  await warehouse.insert(joined);
  assert.equal((await stored('frames')).length, 6);
});

test('of one identity the highest version stays, in whatever order they come', async () => {
  const first = makeCall({ project: 'versions', version: 10, model: 'first' });
  const second = { ...first, version: 11, model: 'second' };
  await warehouse.insert(await blockOf([second]));
  await warehouse.insert(await blockOf([first]));
  assert.deepEqual(
    (await stored('versions')).map((row) => row.model),
    ['second'],
  );
});

test('a block names its rows, its version and its time range', async () => {
  const block = await blockOf([
    makeCall({ started_at: 1_700_000_000_000_500 }),
    makeCall({ started_at: 1_700_000_001_000_500 }),
  ]);
  assert.equal(block.rows, 2);
  assert.equal(block.from_ms, 1_700_000_000_000);
  assert.equal(block.to_ms, 1_700_000_001_001);
});

test('payloads and scores are read too', async () => {
  const payloadBlock = new BlockBuilder(payloads);
  payloadBlock.append(makePayload({ project: 'others', input: 'hello' }));
  await warehouse.insert(await payloadBlock.finish());
  const scoreBlock = new BlockBuilder(scores);
  scoreBlock.append(makeScore({ project: 'others', trace_id: idOf(7, 16), value: 0.75 }));
  await warehouse.insert(await scoreBlock.finish());
  const { rows } = await warehouse.query<{ input: string; value: number }>(
    `SELECT p.input AS input, s.value AS value FROM plumbline.payloads AS p
     INNER JOIN plumbline.scores AS s USING (project) WHERE project = 'others'`,
  );
  assert.deepEqual({ ...rows[0] }, { input: 'hello', value: 0.75 });
});

test('a value that its column cannot hold is refused before anything is sent', () => {
  const builder = new BlockBuilder(calls);
  assert.throws(() => builder.append(makeCall({ span_id: new Uint8Array(7) })), RangeError);
  assert.throws(() => builder.append(makeCall({ status: 'fine' as never })), RangeError);
  assert.throws(() => new BlockBuilder(calls).append(makeCall({ kind: '' as never })), RangeError);
});

test('a call that comes twice in one block is read once, its newest version, before any merge', async () => {
  const call = makeCall({ project: 'twice', version: 1, output_tokens: 1 });
  await warehouse.command('SYSTEM STOP MERGES plumbline.calls');
  try {
    await warehouse.insert(await blockOf([{ ...call, version: 2, output_tokens: 2 }, call]));
    assert.deepEqual(
      (await stored('twice')).map(({ output_tokens }) => output_tokens),
      [2],
    );
  } finally {
    await warehouse.command('SYSTEM START MERGES plumbline.calls');
  }
});

test('ASCII and other text of every short length comes back as it was given', async () => {
  const texts = Array.from({ length: 50 }, (_, length) => [
    'a'.repeat(length),
    `${'b'.repeat(length)}é🙂`,
  ]).flat();
  const started_at = makeCall().started_at;
  await warehouse.insert(
    await blockOf(
      texts.map((text, i) =>
        makeCall({ project: 'texts', trace_id: idOf(i + 1, 16), conversation_id: text, started_at }),
      ),
    ),
  );
  assert.deepEqual(
    (await stored('texts')).map(({ conversation_id }) => conversation_id),
    texts,
  );
});
