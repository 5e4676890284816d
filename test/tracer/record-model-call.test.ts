import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, test } from 'node:test';
import { type HrTime, SpanStatusCode } from '@opentelemetry/api';
import { type RecordedCall, recordModelCall } from '../../tracer/index.ts';
import { recordSpans, takeSpan, takeSpans } from './support/recorded-spans.ts';

before(recordSpans);

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const microseconds = ([seconds, nanoseconds]: HrTime) => seconds * 1e6 + Math.round(nanoseconds / 1e3);
const options = { model: 'small-chat-v1', provider: 'openai' };

test('a call timed elsewhere has exactly its own start and end, long past or not', () => {
  const ended_at = new Date('2026-01-02T03:04:05.678Z');
  for (const end of [ended_at, ended_at.getTime(), ended_at.toISOString()]) {
    recordModelCall({ ...options, latency_ms: 250.125, ended_at: end });
    const span = takeSpan();
    assert.equal(microseconds(span.endTime), ended_at.getTime() * 1000);
    assert.equal(microseconds(span.startTime), ended_at.getTime() * 1000 - 250_125);
  }
});

test('without an end it has just ended', () => {
  const before = Date.now();
  recordModelCall({ ...options, latency_ms: 1_000 });
  const end_ms = microseconds(takeSpan().endTime) / 1000;
  assert.ok(end_ms >= before && end_ms <= Date.now());
});

test('one line says all a log line of a call says', () => {
  recordModelCall({
    ...options,
    latency_ms: 900,
    ttft_ms: 120,
    user_id: 'u-1',
    tokens_in: 10,
    tokens_out: 20,
    cache_read_tokens: 4,
    response_model: 'small-chat-v1-2026',
    response_id: 'r1',
    finish_reason: 'stop',
    prompt: [{ role: 'user', content: 'hi' }],
    response: 'hello',
    confidence: 0.9,
    variant: 'baseline',
    request_type: 'support',
    http_status: 200,
  });
  const span = takeSpan();
  assert.equal(span.status.code, SpanStatusCode.UNSET);
  assert.deepEqual(span.attributes, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'small-chat-v1',
    'gen_ai.response.model': 'small-chat-v1-2026',
    'gen_ai.response.id': 'r1',
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.response.time_to_first_chunk': 0.12,
    'gen_ai.usage.input_tokens': 10,
    'gen_ai.usage.output_tokens': 20,
    'gen_ai.usage.cache_read.input_tokens': 4,
    'http.response.status_code': 200,
    'user.id': 'u-1',
    'plumbline.prompt.hash': sha256('hi'),
    'plumbline.response.hash': sha256('hello'),
    'plumbline.confidence': 0.9,
    'plumbline.variant': 'baseline',
    'plumbline.request_type': 'support',
  });
});

test('hashes made elsewhere are taken as they are, in lower case, and only if they are SHA-256', () => {
  const prompt_hash = sha256('p').toUpperCase();
  recordModelCall({ ...options, latency_ms: 1, prompt_hash, response_hash: 'not a hash', response: 'r' });
  const { attributes } = takeSpan();
  assert.equal(attributes['plumbline.prompt.hash'], sha256('p'));
  assert.equal(attributes['plumbline.response.hash'], sha256('r'));
});

test('a failed call has its error type and status', () => {
  recordModelCall({ ...options, latency_ms: 5, error_type: 'rate_limit_exceeded', http_status: 429 });
  const span = takeSpan();
  assert.deepEqual(span.status, { code: SpanStatusCode.ERROR, message: 'rate_limit_exceeded' });
  assert.equal(span.attributes['error.type'], 'rate_limit_exceeded');
  assert.equal(span.attributes['http.response.status_code'], 429);
});

test('an error type that is a sentence is _OTHER', () => {
  recordModelCall({ ...options, latency_ms: 5, error_type: 'The prompt "my secret plan" is too long' });
  assert.equal(takeSpan().attributes['error.type'], '_OTHER');
});

test('a call without a usable duration or end is not recorded, and nothing is thrown', () => {
  for (const latency_ms of [undefined, Number.NaN, -1, 'fast']) {
    recordModelCall({ ...options, latency_ms } as unknown as RecordedCall);
  }
  recordModelCall({ ...options, latency_ms: 1, ended_at: 'yesterday' });
  recordModelCall(undefined as unknown as RecordedCall);
  assert.deepEqual(takeSpans(), []);
});
