/** Bad input over real sockets: each is answered as the contract says, in a sentence that helps, and harms nobody. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createRandom } from '../query-api/support/random.ts';
import { type Embedded, startEmbedded } from '../support/embedded.ts';
import { eventually } from '../support/eventually.ts';
import { knownCalls, otlpBody } from '../support/known-calls.ts';
import { numbersBecome } from '../support/numbers.ts';
import { encodeTraces, tracesJson } from '../support/otlp-encode.ts';

const MIB = 2 ** 20;
const calls = knownCalls(createRandom(5), { count: 20, before_ms: Date.now(), conversation_id: 'good' });
const good = otlpBody(calls);
const PROTOBUF = 'application/x-protobuf';

let embedded: Embedded;
let slow: Promise<{ status: number | undefined; took_ms: number }>;
before(async () => {
  embedded = await startEmbedded();
  slow = sendSlowly();
});

/** A byte now and then: each arrives, the body never does. It takes its time beside the other tests. */
async function sendSlowly(): Promise<{ status: number | undefined; took_ms: number }> {
  const began = performance.now();
  const dripping = request(`${embedded.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': PROTOBUF, 'content-length': good.body.length },
  });
  const drops = setInterval(() => dripping.write(Buffer.alloc(1)), 500);
  let status: number | undefined;
  dripping.on('response', (answer) => {
    status = answer.statusCode;
    answer.resume();
  });
  dripping.on('error', () => {});
  await once(dripping, 'close');
  clearInterval(drops);
  return { status, took_ms: performance.now() - began };
}

// Whatever came, the process is the same and takes in what is good.
after(async () => {
  try {
    await send(good.body, good.headers);
    await numbersBecome({ url: embedded.api }, calls);
    assert.equal((await embedded.process().end('SIGTERM')).code, 0);
    assert.doesNotMatch(embedded.process().output(), /\n\s+at |"level":(50|60)/);
  } finally {
    await embedded?.stop();
  }
});

async function send(body: Uint8Array | string, headers: Record<string, string>, path = '/v1/traces') {
  const answer = await fetch(embedded.otlp + path, {
    method: 'POST',
    headers,
    body: body as Uint8Array<ArrayBuffer> | string,
  });
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    text: await answer.text(),
  };
}

async function ask(path: string) {
  const answer = await fetch(embedded.api + path);
  const type = answer.headers.get('content-type') ?? '';
  return { status: answer.status, type, problem: (await answer.json()) as Record<string, unknown> };
}

test('a protobuf body cut anywhere is malformed or a shorter whole, and never anything else', async () => {
  const whole = encodeTraces([{ spans: [] }, { spans: [] }]);
  const cut = await send(good.body.subarray(0, good.body.length - 3), { 'content-type': PROTOBUF });
  assert.deepEqual([cut.status, cut.type], [400, PROTOBUF]);
  assert.match(cut.text, /byte \d+/);
  for (let length = 0; length < whole.length; length++) {
    const { status } = await send(whole.subarray(0, length), { 'content-type': PROTOBUF });
    assert.ok(status === 200 || status === 400, `${status} for ${length} bytes`);
  }
});

test('a type or an encoding that is not taken is answered with those that are', async () => {
  const type = await send('<spans/>', { 'content-type': 'text/xml' });
  assert.equal(type.status, 415);
  assert.match(type.text, /text\/xml/);
  assert.match(type.text, /application\/x-protobuf.*application\/json/);
  const encoding = await send(good.body, { 'content-type': PROTOBUF, 'content-encoding': 'br' });
  assert.equal(encoding.status, 415);
  assert.match(encoding.text, /gzip/);
  const lying = await send(good.body, { 'content-type': PROTOBUF, 'content-encoding': 'gzip' });
  assert.equal(lying.status, 400);
  const json = await send(good.body, { 'content-type': 'application/json' });
  assert.deepEqual([json.status, json.type], [400, 'application/json']);
});

test('gzip that unpacks to 30 MiB of zeros is stopped at the limit, a hundred times over', async () => {
  const bomb = gzipSync(Buffer.alloc(30 * MIB));
  const headers = { 'content-type': PROTOBUF, 'content-encoding': 'gzip' };
  const answers = await Promise.all(Array.from({ length: 100 }, () => send(bomb, headers)));
  for (const answer of answers) {
    assert.equal(answer.status, 413);
    assert.match(answer.text, /20971520|20 MiB/);
    assert.match(answer.text, /PLUMBLINE_OTLP_MAX_BYTES/);
  }
  const metrics = await (await fetch(`${embedded.otlp}/metrics`)).text();
  const resident = Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
  assert.ok(resident < 700 * MIB, `${Math.round(resident / MIB)} MiB resident`);
});

test('a body that announces more than the limit is refused before it is sent', async () => {
  const announced = request(`${embedded.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': PROTOBUF, 'content-length': 21 * MIB },
  });
  announced.flushHeaders();
  const [answer] = (await once(announced, 'response')) as [IncomingMessage];
  assert.equal(answer.statusCode, 413);
  assert.match(await text(answer), /PLUMBLINE_OTLP_MAX_BYTES/);
  announced.on('error', () => {}).destroy();
});

test('spans with ids that are none are refused one by one, and the good ones beside them are taken in', async () => {
  const [call] = knownCalls(createRandom(6), { count: 1, before_ms: Date.now(), conversation_id: 'beside' });
  const { span_id, started_ns: start, latency_ns, attributes, error_type } = call!;
  const ids = ['', '00000000000000000000000000000000', 'xyz', 'abcd'];
  const spans = [...ids, call!.trace_id].map((trace_id) => ({
    trace_id,
    span_id,
    name: 'chat',
    start,
    end: start + latency_ns,
    attributes,
    status_code: error_type ? 2 : 0,
  }));
  calls.push(call!);
  const answer = await send(tracesJson([{ spans }]), { 'content-type': 'application/json' });
  assert.equal(answer.status, 200);
  const { partialSuccess } = JSON.parse(answer.text) as {
    partialSuccess: { rejectedSpans: string; errorMessage: string };
  };
  assert.equal(partialSuccess.rejectedSpans, String(ids.length));
  assert.match(
    partialSuccess.errorMessage,
    /trace_id is missing; trace_id is all zeros; trace_id is not hex/,
  );
});

test('spans too old or ahead of time are refused by name, with the setting', async () => {
  const day = 86_400_000n * 1_000_000n;
  const now = BigInt(Date.now()) * 1_000_000n;
  const [call] = knownCalls(createRandom(8), { count: 1, before_ms: Date.now(), conversation_id: 'out' });
  for (const start of [now - 100n * day, 0n, now + 2n * day, 9_000n * 365n * day]) {
    const span = {
      ...call!,
      name: 'chat',
      start: BigInt.asUintN(63, start),
      end: BigInt.asUintN(63, start) + 1n,
    };
    const answer = await send(tracesJson([{ spans: [span] }]), { 'content-type': 'application/json' });
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.text, /"rejectedSpans":"?1"?/);
    assert.match(
      answer.text,
      /PLUMBLINE_RETENTION_CALLS_DAYS|ahead of the collector|start_time_unix_nano is 0/,
    );
  }
});

test('a path, a method and a signal that are not served are said to be none', async () => {
  const metrics = await send('{}', { 'content-type': 'application/json' }, '/v1/metrics');
  assert.equal(metrics.status, 404);
  assert.match(metrics.text, /OTEL_METRICS_EXPORTER=none/);
  assert.equal((await fetch(`${embedded.otlp}/v1/traces`)).status, 405);
  assert.equal((await fetch(`${embedded.otlp}/nothing`)).status, 404);
});

test('a question that cannot be meant so names the parameter, what came and what is allowed', async () => {
  const metric = await ask('/v1/rollups?metrics=latency_p59_ms');
  assert.deepEqual([metric.status, metric.type], [400, 'application/problem+json; charset=utf-8']);
  assert.equal(metric.problem.parameter, 'metrics');
  assert.equal(metric.problem.received, 'latency_p59_ms');
  assert.match(String(metric.problem.nearest), /^latency_p\d\d_ms$/);
  assert.ok((metric.problem.allowed as string[]).includes('latency_p95_ms'));

  const reversed = await ask('/v1/latency?from=now&to=now-1h');
  assert.deepEqual([reversed.status, reversed.problem.parameter], [400, 'from']);
  assert.match(String(reversed.problem.detail), /before/);

  for (const [query, parameter] of [
    ['modle=gpt-4o', 'modle'],
    ['group_by=colour', 'group_by'],
    ['interval=7m', 'interval'],
    ['from=yesterday', 'from'],
    ['limit=100000', 'limit'],
    ['status=fine', 'status'],
    ['format=xls', 'format'],
    ['limit=1&limit=2', 'limit'],
  ] as const) {
    const { status, problem } = await ask(`/v1/rollups?${query}`);
    assert.deepEqual([status, problem.parameter], [400, parameter], query);
    assert.equal(typeof problem.detail, 'string');
  }
  assert.equal((await ask('/v1/nothing')).status, 404);
});

test('what looks like SQL is a value like any other', async () => {
  for (const value of ["' OR 1=1 --", "'); DROP TABLE calls; --", '\\', '{p0:String}', '\u0000', '%', '?']) {
    const answer = await fetch(`${embedded.api}/v1/rollups?metrics=calls&model=${encodeURIComponent(value)}`);
    assert.equal(answer.status, 200, value);
    assert.equal(((await answer.json()) as { rows: { calls: number }[] }).rows[0]?.calls, 0, value);
  }
});

test('a sender that breaks off in the middle of a body is forgotten', async () => {
  const half = request(`${embedded.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': PROTOBUF, 'content-length': good.body.length },
  });
  half.on('error', () => {});
  await new Promise((sent) => half.write(good.body.subarray(0, good.body.length >> 1), sent));
  half.destroy();
  await eventually(async () => {
    const { status } = await fetch(`${embedded.otlp}/readyz`);
    assert.equal(status, 200);
  }, 5_000);
});

test('a body that does not arrive within half a minute is given up', async () => {
  const { status, took_ms } = await slow;
  assert.equal(status, 408);
  assert.ok(took_ms > 29_000 && took_ms < 40_000, `${took_ms} ms`);
});
