import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { context, trace } from '@opentelemetry/api';
import { decodeLogsJson } from '../../collector/otlp/decode-json.ts';
import type { LogRecord } from '../../collector/otlp/span.ts';
import { flushScores } from '../../tracer/export/score-exporter.ts';
import { type ModelCall, score, traceModelCall } from '../../tracer/index.ts';
import { runApplication } from './support/child.ts';
import { recordSpans, takeSpan, takeSpans } from './support/recorded-spans.ts';

let server: Server;
let posts: { path: string; headers: IncomingHttpHeaders; records: LogRecord[] }[] = [];
let statuses: number[] = [];
before(async () => {
  recordSpans();
  server = createServer(async (request, response) => {
    const records = decodeLogsJson(await buffer(request));
    posts.push({ path: request.url ?? '', headers: request.headers, records });
    response.writeHead(statuses.shift() ?? 200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url();
  process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-api-key=a%20key';
});
beforeEach(() => {
  posts = [];
  takeSpans();
});
after(() => server.close());

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const options = { model: 'm', provider: 'openai' };
const value = (record: LogRecord | undefined, key: string) => {
  const { keys, values } = record?.attributes ?? { keys: [], values: [] };
  return values[keys.indexOf(key)];
};

test('a score is told of the span it belongs to, whatever stands for the span', async () => {
  let handed: ModelCall | undefined;
  const answer = await traceModelCall(options, async (call) => {
    handed = call;
    return { choices: [] };
  });
  const span = takeSpan();
  const spanContext = span.spanContext();
  const active = trace.setSpanContext(context.active(), spanContext);
  for (const scored of [answer, handed, spanContext, active, { spanContext: () => spanContext }]) {
    assert.equal(score(scored as object, 'helpful', 0.5, { label: 'so so', explanation: 'because' }), true);
  }
  await flushScores();
  assert.equal(posts.length, 1, 'they go together');
  assert.equal(posts[0]?.path, '/v1/logs');
  assert.equal(posts[0]?.headers['x-api-key'], 'a key');
  assert.equal(posts[0]?.records.length, 5);
  for (const record of posts[0]?.records ?? []) {
    assert.equal(record.event_name, 'gen_ai.evaluation.result');
    assert.equal(Buffer.from(record.trace_id ?? []).toString('hex'), spanContext.traceId);
    assert.equal(Buffer.from(record.span_id ?? []).toString('hex'), spanContext.spanId);
    assert.equal(value(record, 'gen_ai.evaluation.name'), 'helpful');
    assert.equal(value(record, 'gen_ai.evaluation.score.value'), 0.5);
    assert.equal(value(record, 'gen_ai.evaluation.score.label'), 'so so');
    assert.equal(record.scope.name, 'plumbline-tracer');
  }
});

test('feedback that comes later names the provider’s id of the answer', async () => {
  assert.equal(score({ response_id: 'chatcmpl-7' }, 'thumbs', 1), true);
  await flushScores();
  assert.equal(value(posts[0]?.records[0], 'gen_ai.response.id'), 'chatcmpl-7');
  assert.equal(value(posts[0]?.records[0], 'gen_ai.evaluation.score.value'), 1);
});

test('what cannot be a score is refused and nothing thrown', async () => {
  assert.equal(score({}, 'helpful', 1), false);
  assert.equal(score({ response_id: 'r' }, '', 1), false);
  assert.equal(score({ response_id: 'r' }, 'helpful', Number.NaN), false);
  assert.equal(score(undefined as never, 'helpful', 1), false);
  await flushScores();
  assert.deepEqual(posts, []);
});

test('a collector that is full is asked again, one that refuses is not', async () => {
  statuses = [503, 200];
  score({ response_id: 'a' }, 'helpful', 1);
  await flushScores();
  assert.equal(posts.length, 2);
  statuses = [400];
  score({ response_id: 'b' }, 'helpful', 1);
  await flushScores();
  assert.equal(posts.length, 3);
});

test('an application that ends sends its scores, and one that wants no logs sends none', async () => {
  const source = `
    import { score } from './tracer/index.ts';
    score({ response_id: 'r' }, 'helpful', 1);
  `;
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url(), OTEL_SERVICE_NAME: 'checkout' };
  const { code, stderr } = await runApplication(source, { env });
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(
    posts.map(({ path }) => path),
    ['/v1/logs'],
  );
  await runApplication(source, { env: { ...env, OTEL_LOGS_EXPORTER: 'none' } });
  await runApplication(source, { env: { ...env, OTEL_SDK_DISABLED: 'true' } });
  assert.equal(posts.length, 1);
});
