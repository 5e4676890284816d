/** The contract of the OTLP endpoint: what each kind of request is answered with. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { Registry } from 'prom-client';
import { createKeyRing, DEFAULT_PROJECT } from '../../schemas/identity/key-ring.ts';
import { type CallBlock, PermanentError, type Sink, UnavailableError } from '../../schemas/seams.ts';
import { QUICK, startTestCollector } from '../support/collector.ts';
import { encodeTraces, genaiRequest, tracesJson } from '../support/otlp-encode.ts';

const START = BigInt(Date.now() - 60_000) * 1_000_000n;
const request = (count: number, seed = 1) => genaiRequest(count, { seed, start: START });
const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };

function recording(): { sink: Sink; blocks: CallBlock[]; rows(): number } {
  const blocks: CallBlock[] = [];
  return {
    blocks,
    sink: async (block) => {
      blocks.push(block);
    },
    rows: () => blocks.filter(({ table }) => table === 'calls').reduce((sum, block) => sum + block.rows, 0),
  };
}

/** google.rpc.Status of a protobuf reply: code, then message. */
function statusOf(payload: Buffer): { code: number; message: string } {
  assert.equal(payload[0], 0x08);
  const lengthAt = payload[3]! < 0x80 ? 3 : 4;
  return { code: payload[1]!, message: payload.subarray(lengthAt + 1).toString() };
}

test('spans in protobuf and JSON, plain and compressed, are stored and answered in the type they came in', async () => {
  const { sink, rows } = recording();
  const { app, stop } = startTestCollector(sink);
  const bodies = [
    { headers: PROTOBUF, payload: Buffer.from(encodeTraces(request(3))) },
    { headers: JSON_TYPE, payload: Buffer.from(tracesJson(request(3))) },
    {
      headers: { 'content-type': 'application/json; charset=utf-8' },
      payload: Buffer.from(tracesJson(request(3))),
    },
  ];
  for (const { headers, payload } of bodies) {
    for (const [encoding, compress] of [
      [undefined, (body: Buffer) => body],
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const reply = await app.inject({
        method: 'POST',
        url: '/v1/traces',
        headers: { ...headers, ...(encoding ? { 'content-encoding': encoding } : {}) },
        payload: compress(payload),
      });
      assert.equal(reply.statusCode, 200, reply.payload);
      assert.equal(reply.headers['content-type'], headers['content-type'].split(';')[0]);
      assert.equal(reply.payload, headers === PROTOBUF ? '' : '{}');
    }
  }
  assert.equal(rows(), 36);
  await stop();
});

test('an empty request is a success', async () => {
  const { app, stop } = startTestCollector(recording().sink);
  for (const [headers, payload] of [
    [PROTOBUF, ''],
    [JSON_TYPE, '{}'],
  ] as const) {
    const reply = await app.inject({ method: 'POST', url: '/v1/traces', headers, payload });
    assert.equal(reply.statusCode, 200);
  }
  await stop();
});

test('a body that is not what it says is answered with 400 and where it breaks', async () => {
  const { app, stop } = startTestCollector(recording().sink);
  const whole = Buffer.from(encodeTraces(request(5)));
  const cut = await app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: PROTOBUF,
    payload: whole.subarray(0, whole.length - 7),
  });
  assert.equal(cut.statusCode, 400);
  assert.equal(cut.headers['content-type'], 'application/x-protobuf');
  const status = statusOf(cut.rawPayload);
  assert.equal(status.code, 3);
  assert.match(status.message, /byte \d+/);

  const notJson = await app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: JSON_TYPE,
    payload: '{"resourceSpans":',
  });
  assert.equal(notJson.statusCode, 400);
  assert.equal(notJson.json().code, 3);

  const wrongShape = await app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: JSON_TYPE,
    payload: '{"resourceSpans":[{"scopeSpans":"none"}]}',
  });
  assert.equal(wrongShape.statusCode, 400);
  assert.match(wrongShape.json().message, /resourceSpans\[0\]\.scopeSpans/);

  const notGzip = await app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: { ...PROTOBUF, 'content-encoding': 'gzip' },
    payload: whole,
  });
  assert.equal(notGzip.statusCode, 400);
  assert.match(statusOf(notGzip.rawPayload).message, /cannot be decompressed/);
  await stop();
});

test('types and encodings that are not served are answered with 415 and what is', async () => {
  const { app, stop } = startTestCollector(recording().sink);
  for (const headers of [{ 'content-type': 'text/plain' }, { 'content-type': 'application/grpc' }, {}]) {
    const reply = await app.inject({ method: 'POST', url: '/v1/traces', headers, payload: 'x' });
    assert.equal(reply.statusCode, 415);
    assert.match(reply.json().message, /application\/x-protobuf or application\/json/);
  }
  const brotli = await app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: { ...JSON_TYPE, 'content-encoding': 'br' },
    payload: 'x',
  });
  assert.equal(brotli.statusCode, 415);
  assert.match(brotli.json().message, /'br' is not supported: use gzip/);
  await stop();
});

test('a body over the limit, before or after decompression, is answered with 413 and the setting', async () => {
  const { app, stop } = startTestCollector(recording().sink);
  const bomb = gzipSync(Buffer.alloc(30 * 1024 * 1024));
  const reply = await app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    payload: bomb,
  });
  assert.equal(reply.statusCode, 413);
  assert.match(reply.json().message, /20971520 bytes \(PLUMBLINE_OTLP_MAX_BYTES\)/);
  const plain = await app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: JSON_TYPE,
    payload: Buffer.alloc(21 * 1024 * 1024, 32),
  });
  assert.equal(plain.statusCode, 413);
  await stop();
});

test('a bad span is refused by name, the others of its request are stored', async () => {
  const { sink, rows } = recording();
  const { app, ledger, stop } = startTestCollector(sink);
  const groups = request(5);
  groups[0]!.spans[1]!.trace_id = '00'.repeat(16);
  groups[0]!.spans[2]!.start -= 200n * 86_400n * 1_000_000_000n;
  groups[0]!.spans[2]!.end -= 200n * 86_400n * 1_000_000_000n;
  groups[0]!.spans[3]!.end = groups[0]!.spans[3]!.start - 1_000_000n;
  const reply = await app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: JSON_TYPE,
    payload: tracesJson(groups),
  });
  assert.equal(reply.statusCode, 200);
  const { partialSuccess } = reply.json();
  assert.equal(partialSuccess.rejectedSpans, '3');
  assert.match(partialSuccess.errorMessage, /trace_id/);
  assert.match(partialSuccess.errorMessage, /started 200 days ago.*PLUMBLINE_RETENTION_CALLS_DAYS/);
  assert.match(partialSuccess.errorMessage, /ends before it starts/);
  assert.equal(rows(), 2);
  assert.deepEqual(ledger.snapshot(DEFAULT_PROJECT), {
    received: 5,
    stored: 2,
    not_model_calls: 0,
    rejected: { bad_span: 2, out_of_retention: 1 },
    failed: 0,
  });
  await stop();
});

test('spans that are no model calls are accepted and counted, not stored', async () => {
  const { sink, blocks } = recording();
  const { app, ledger, stop } = startTestCollector(sink);
  const groups = request(2);
  for (const span of groups[0]!.spans) span.attributes = [['http.request.method', 'GET']];
  const reply = await app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: PROTOBUF,
    payload: Buffer.from(encodeTraces(groups)),
  });
  assert.equal(reply.statusCode, 200);
  assert.equal(reply.payload, '');
  assert.equal(blocks.length, 0);
  assert.equal(ledger.snapshot(DEFAULT_PROJECT).not_model_calls, 2);
  await stop();
});

test('keys: none needed without any; else 401 without or with an unknown one, 403 with a key for reading', async () => {
  const project: string[] = [];
  const keyRing = createKeyRing({
    ingest: [{ project: 'shop', key: 'an-ingest-key-of-the-shop' }],
    read: [{ project: 'shop', key: 'a-reading-key-of-the-shop' }],
  });
  const { app, stop } = startTestCollector(async () => {}, { keyRing });
  const send = (headers: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: '/v1/traces',
      headers: { ...JSON_TYPE, ...headers },
      payload: tracesJson(request(1)),
    });
  assert.deepEqual(project, []);
  assert.equal((await send({})).statusCode, 401);
  assert.equal((await send({})).headers['www-authenticate'], 'Bearer');
  assert.equal((await send({ 'x-api-key': 'not a key of ours at all' })).statusCode, 401);
  const wrongKind = await send({ authorization: 'Bearer a-reading-key-of-the-shop' });
  assert.equal(wrongKind.statusCode, 403);
  assert.match(wrongKind.json().message, /ingest key/);
  assert.equal((await send({ authorization: 'Bearer an-ingest-key-of-the-shop' })).statusCode, 200);
  assert.equal((await send({ 'x-api-key': 'an-ingest-key-of-the-shop' })).statusCode, 200);
  await stop();
});

test('each project has a ledger of its own, and the metrics count all of them', async () => {
  const keys = { shop: 'an-ingest-key-of-the-shop', other: 'an-ingest-key-of-another' };
  const ingest = Object.entries(keys).map(([project, key]) => ({ project, key }));
  const registry = new Registry();
  const keyRing = createKeyRing({ ingest, read: [] });
  const { app, ledger, stop } = startTestCollector(async () => {}, { keyRing, registry });
  const send = (key: string, groups: ReturnType<typeof request>) =>
    app.inject({
      method: 'POST',
      url: '/v1/traces',
      headers: { ...JSON_TYPE, 'x-api-key': key },
      payload: tracesJson(groups),
    });
  const bad = request(2, 2);
  bad[0]!.spans[0]!.trace_id = '00'.repeat(16);
  await send(keys.shop, request(3));
  await send(keys.other, bad);
  await send(keys.shop, request(4, 3));
  const none = { received: 0, stored: 0, not_model_calls: 0, rejected: {}, failed: 0 };
  assert.deepEqual(ledger.snapshot('shop'), { ...none, received: 7, stored: 7 });
  assert.deepEqual(ledger.snapshot('other'), { ...none, received: 2, stored: 1, rejected: { bad_span: 1 } });
  assert.deepEqual(ledger.snapshot('third'), none);
  assert.match(await registry.metrics(), /^plumbline_spans_received_total 9$/m);
  await stop();
});

test('a sink that is down or full is answered with 503 and Retry-After, never 500 or 429', async () => {
  for (const [error, pattern] of [
    [new UnavailableError('Kafka is away'), /Kafka is away/],
    [new Error('connect ECONNREFUSED 10.0.0.1:8123'), /could not be stored now/],
  ] as const) {
    const { app, ledger, stop } = startTestCollector(async () => {
      throw error;
    });
    const reply = await app.inject({
      method: 'POST',
      url: '/v1/traces',
      headers: JSON_TYPE,
      payload: tracesJson(request(4)),
    });
    assert.equal(reply.statusCode, 503);
    assert.equal(reply.headers['retry-after'], '1');
    assert.match(reply.json().message, pattern);
    assert.equal(ledger.snapshot(DEFAULT_PROJECT).failed, 4);
    await stop();
  }
  const permanent = startTestCollector(async () => {
    throw new PermanentError('the block is too large');
  });
  const refused = await permanent.app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers: JSON_TYPE,
    payload: tracesJson(request(1)),
  });
  assert.equal(refused.statusCode, 400);
  await permanent.stop();
});

test('a sink that hangs is answered within the deadline, and one that is full at once', async () => {
  const never: Sink = () => new Promise(() => {});
  const { app } = startTestCollector(never, {
    grouping: { ...QUICK, deadline_ms: 200, max_pending_bytes: 20_000 },
  });
  const post = () =>
    app.inject({
      method: 'POST',
      url: '/v1/traces',
      headers: JSON_TYPE,
      payload: tracesJson(request(8)),
    });
  const started_at = performance.now();
  const [slow, full] = await Promise.all([post(), post()]);
  assert.equal(slow.statusCode, 503);
  assert.match(slow.json().message, /Not stored within 200 ms/);
  assert.equal(full.statusCode, 503);
  assert.match(full.json().message, /Full/);
  assert.ok(performance.now() - started_at < 2_000);
});

test('200 comes only after every block of the request is durable', async () => {
  const gate = Promise.withResolvers<void>();
  const { app, stop } = startTestCollector(() => gate.promise);
  let answered = false;
  const reply = app
    .inject({
      method: 'POST',
      url: '/v1/traces',
      headers: PROTOBUF,
      payload: Buffer.from(encodeTraces(request(2))),
    })
    .then((response) => {
      answered = true;
      return response;
    });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(answered, false);
  gate.resolve();
  assert.equal((await reply).statusCode, 200);
  await stop();
});

test('concurrent requests share a block, large ones are split', async () => {
  const { sink, blocks, rows } = recording();
  const { app, stop } = startTestCollector(sink, {
    grouping: { ...QUICK, max_wait_ms: 500, block_max_bytes: 100_000 },
  });
  const post = (count: number, seed: number) =>
    app.inject({
      method: 'POST',
      url: '/v1/traces',
      headers: PROTOBUF,
      payload: Buffer.from(encodeTraces(request(count, seed))),
    });
  await Promise.all([1, 2, 3, 4].map((seed) => post(2, seed)));
  assert.equal(blocks.length, 1);
  assert.equal(blocks[0]!.rows, 8);
  await post(1_000, 5);
  assert.equal(rows(), 1_008);
  assert.ok(blocks.length > 4, `${blocks.length} blocks`);
  await stop();
});

test('routes that do not exist say which do', async () => {
  const { app, stop } = startTestCollector(recording().sink);
  const metrics = await app.inject({ method: 'POST', url: '/v1/metrics', headers: JSON_TYPE, payload: '{}' });
  assert.equal(metrics.statusCode, 404);
  assert.match(metrics.json().message, /OTEL_METRICS_EXPORTER=none/);
  const other = await app.inject({ method: 'GET', url: '/nothing' });
  assert.equal(other.statusCode, 404);
  assert.match(other.json().message, /POST \/v1\/traces/);
  const get = await app.inject({ method: 'GET', url: '/v1/traces' });
  assert.equal(get.statusCode, 405);
  assert.equal(get.headers.allow, 'POST');
  await stop();
});

test('a sender of too large a body reads why, though it looks for an answer only when all is sent', {
  timeout: 20_000,
}, async () => {
  const { app, stop } = startTestCollector(recording().sink);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const bytes = 40 * 1024 * 1024;
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`,
  );
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(Buffer.alloc(bytes, 32), (error) => (error ? reject(error) : resolve()));
  });
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 413 .*PLUMBLINE_OTLP_MAX_BYTES/s);
  socket.destroy();
  await stop();
});
