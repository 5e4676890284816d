import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import { decodeTracesJson } from '../../../collector/otlp/decode-json.ts';
import { decodeTraces } from '../../../collector/otlp/decode-protobuf.ts';
import { encodeReplyJson, encodeReplyProtobuf } from '../../../collector/otlp/encode-reply.ts';
import type { Span } from '../../../collector/otlp/span.ts';

interface Received {
  type: string;
  body: Buffer;
}

/** Answers every post with success and keeps what came. */
async function receiver(received: Received[]): Promise<Server> {
  const server = createServer(async (request, response) => {
    const type = request.headers['content-type'] ?? '';
    received.push({ type, body: await buffer(request) });
    response.setHeader('content-type', type);
    response.end(type.includes('json') ? encodeReplyJson('traces') : encodeReplyProtobuf());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A parent and a failed call inside it, recorded by the SDK and sent by `exporter`. */
async function emit(exporter: NodeSDKConfiguration['traceExporter']): Promise<void> {
  const sdk = new NodeSDK({
    traceExporter: exporter,
    serviceName: 'support-desk',
    autoDetectResources: false,
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const tracer = trace.getTracer('plumbline-test', '1.2.3');
  const parent = tracer.startSpan('invoke_agent triage', { startTime: [1_788_000_000, 1] });
  const call = tracer.startSpan(
    'chat gpt-4.1',
    {
      kind: SpanKind.CLIENT,
      startTime: [1_788_000_000, 123_456_789],
      attributes: {
        'gen_ai.request.model': 'gpt-4.1',
        'gen_ai.usage.input_tokens': 1_234,
        'gen_ai.request.temperature': 0.7,
        'gen_ai.request.stream': true,
        'gen_ai.response.finish_reasons': ['stop', 'length'],
        unicode: 'naïve 🙂',
      },
    },
    trace.setSpan(ROOT_CONTEXT, parent),
  );
  call.addEvent('exception', { 'exception.type': 'TimeoutError' }, [1_788_000_001, 5_000]);
  call.setStatus({ code: SpanStatusCode.ERROR, message: 'timed out' });
  call.end([1_788_000_001, 123_456_790]);
  parent.end([1_788_000_002, 0]);
  await sdk.shutdown();
  trace.disable();
}

function check(spans: Span[]): void {
  const [parent, call] = [...spans].sort((a, b) => a.start_us - b.start_us);
  assert.equal(spans.length, 2);
  assert.equal(call!.name, 'chat gpt-4.1');
  assert.equal(call!.kind, 3);
  assert.deepEqual(call!.trace_id, parent!.trace_id);
  assert.deepEqual(call!.parent_span_id, parent!.span_id);
  assert.deepEqual(parent!.parent_span_id, new Uint8Array(8));
  assert.equal(call!.start_us, 1_788_000_000_123_456);
  assert.equal(call!.duration_ms, 1_000.000001);
  assert.deepEqual([call!.status_code, call!.status_message], [2, 'timed out']);
  assert.deepEqual(call!.attributes.values, ['gpt-4.1', 1_234, 0.7, true, ['stop', 'length'], 'naïve 🙂']);
  assert.deepEqual([call!.events[0]!.name, call!.events[0]!.time_us], ['exception', 1_788_000_001_000_005]);
  assert.deepEqual(call!.events[0]!.attributes.values, ['TimeoutError']);
  assert.deepEqual([call!.scope.name, call!.scope.version], ['plumbline-test', '1.2.3']);
  assert.equal(
    call!.resource.attributes.values[call!.resource.attributes.keys.indexOf('service.name')],
    'support-desk',
  );
  assert.deepEqual([call!.fault, call!.truncated, call!.dropped_attributes], [undefined, false, 0]);
}

test("OpenTelemetry's own exporters are understood, JSON and protobuf", async () => {
  const received: Received[] = [];
  const server = await receiver(received);
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
    await emit(new JsonExporter({ url }));
    await emit(new ProtobufExporter({ url }));
  } finally {
    server.close();
    server.closeAllConnections();
  }
  assert.deepEqual(
    received.map(({ type }) => type),
    ['application/json', 'application/x-protobuf'],
  );
  check(decodeTracesJson(received[0]!.body));
  check(decodeTraces(received[1]!.body));
});
