import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { patchAnthropic } from '../../../tracer/clients/anthropic.ts';
import { traced } from '../../../tracer/index.ts';
import { type FakeProvider, startFakeProvider } from '../../support/fake-provider.ts';
import { type Fake, fakeHeaders } from '../support/client.ts';
import { nextSpan, recordSpans, takeSpan, takeSpans } from '../support/recorded-spans.ts';

const TEXT = 'Paris is the capital of France.';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const usage = { input_tokens: 30, output_tokens: 9, cache_read_tokens: 20, cache_write_tokens: 4 };
const request = {
  model: 'claude-x',
  max_tokens: 100,
  system: 'Be brief.',
  messages: [{ role: 'user' as const, content: 'Capital of France?' }],
};

let provider: FakeProvider;
let client: Anthropic;
before(async () => {
  recordSpans();
  provider = await startFakeProvider();
  const untouched = connect();
  await untouched.messages.create(request);
  assert.equal(takeSpan().instrumentationScope.name, 'com.anthropic.sdk.typescript', 'the client’s own');
  patchAnthropic(Anthropic);
  client = connect();
});
beforeEach(() => void takeSpans());
after(() => provider.close());

function connect(options = {}) {
  return new Anthropic({ apiKey: 'none', baseURL: provider.url, ...options });
}

const headers = (fake: Fake) => ({ headers: fakeHeaders(fake) });

test('a message is one span, ours: the client makes none of its own for it', async () => {
  const answer = await client.messages.create(request, headers({ usage }));
  assert.equal(answer.content[0]?.type, 'text');
  const span = takeSpan();
  assert.equal(span.instrumentationScope.name, 'plumbline-tracer');
  assert.deepEqual(span.attributes, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.model': 'claude-x',
    'gen_ai.response.model': 'claude-x',
    'gen_ai.response.id': answer.id,
    'gen_ai.response.finish_reasons': ['end_turn'],
    'gen_ai.usage.input_tokens': 30,
    'gen_ai.usage.output_tokens': 9,
    'gen_ai.usage.cache_read.input_tokens': 20,
    'gen_ai.usage.cache_write.input_tokens': 4,
    'plumbline.prompt.hash': sha256('Capital of France?'),
    'plumbline.response.hash': sha256(TEXT),
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(provider.url).port),
  });
});

test('streams and the stream helper are one span each, with usage from two events', async () => {
  const stream = await client.messages.create({ ...request, stream: true }, headers({ usage }));
  for await (const _ of stream);
  const helper = client.messages.stream(request, headers({ usage, chunk_delay_ms: 5 }));
  let text = '';
  helper.on('text', (piece) => {
    text += piece;
  });
  assert.equal((await helper.finalMessage()).usage.output_tokens, 9);
  assert.equal(text, TEXT);
  const spans = takeSpans();
  assert.equal(spans.length, 2);
  for (const { attributes, instrumentationScope } of spans) {
    assert.equal(instrumentationScope.name, 'plumbline-tracer');
    assert.equal(attributes['gen_ai.usage.input_tokens'], 30);
    assert.equal(attributes['gen_ai.usage.output_tokens'], 9);
    assert.equal(attributes['gen_ai.request.stream'], true);
    assert.ok(Number(attributes['gen_ai.response.time_to_first_chunk']) > 0);
    assert.equal(attributes['plumbline.response.hash'], sha256(TEXT));
  }
});

test('a stream that is aborted or breaks has not said what it cost, and has no counts', async () => {
  const aborted = client.messages.stream(request, headers({ chunk_delay_ms: 10 }));
  aborted.once('text', () => aborted.abort());
  await assert.rejects(aborted.done(), Anthropic.APIUserAbortError);
  const broken = client.messages.stream(request, headers({ cut_after: 2 }));
  await assert.rejects(broken.done());
  const spans = takeSpans();
  assert.deepEqual(
    spans.map(({ attributes }) => attributes['error.type']),
    ['AbortError', 'UND_ERR_SOCKET'],
  );
  for (const { attributes } of spans) assert.equal('gen_ai.usage.output_tokens' in attributes, false);
});

test('a loop over the stream helper that is left is no failure', async () => {
  const helper = client.messages.stream(request, headers({ chunk_delay_ms: 10 }));
  for await (const { type } of helper) if (type === 'content_block_delta') break;
  const { attributes } = await nextSpan();
  assert.equal('error.type' in attributes, false);
  assert.ok(Number(attributes['gen_ai.response.time_to_first_chunk']) > 0);
});

test('tool calls and images are read: they are no text', async () => {
  const source = { type: 'base64' as const, media_type: 'image/png' as const, data: 'AAAA' };
  const content = [
    { type: 'image' as const, source },
    { type: 'text' as const, text: 'What is this?' },
  ];
  const messages = [{ role: 'user' as const, content }];
  const answer = await client.messages.create({ ...request, messages }, headers({ tool: 'look' }));
  assert.equal(answer.content[0]?.type, 'tool_use');
  const { attributes } = takeSpan();
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['tool_use']);
  assert.equal(attributes['plumbline.prompt.hash'], sha256('What is this?'));
  assert.equal('plumbline.response.hash' in attributes, false);
});

const TYPES = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  408: 'timeout_error',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
};

test('failures keep the client’s error object, and the attempts of the client are one call', async () => {
  for (const [status, type] of Object.entries(TYPES)) {
    const call = client.messages.create({ ...request, model: `fake-${status}` });
    const error = await call.catch((reason: unknown) => reason);
    assert.ok(error instanceof Anthropic.APIError && error.status === Number(status), String(error));
    const { attributes } = takeSpan();
    assert.deepEqual(
      [attributes['error.type'], attributes['http.response.status_code']],
      [type, Number(status)],
    );
    assert.equal(attributes['plumbline.client_retries'], Number(status) < 408 ? undefined : 2, status);
  }
  await client.messages.create(request, headers({ status: 529, fail_first: 2, text: 'again' }));
  assert.equal(takeSpan().attributes['plumbline.client_retries'], 2);
});

test('one client alone is traced too, and its other spans are left as they are', async () => {
  const own = traced(connect());
  await own.messages.create(request);
  takeSpan();
  await own.beta.messages.create({ ...request, model: 'claude-beta' });
  assert.equal(takeSpan().name, 'chat claude-beta');
  await own.messages.countTokens({ model: 'm', messages: request.messages }).catch(() => undefined);
  const [counting] = takeSpans();
  assert.equal(counting?.instrumentationScope.name, 'com.anthropic.sdk.typescript');
});

test('a client that was given a tracer provider of its own keeps its spans', async () => {
  const { trace } = await import('@opentelemetry/api');
  const own = connect({ openTelemetry: { tracerProvider: trace.getTracerProvider() } });
  await own.messages.create(request);
  const scopes = takeSpans().map((span) => span.instrumentationScope.name);
  assert.deepEqual(scopes.sort(), ['com.anthropic.sdk.typescript', 'plumbline-tracer']);
});

test('a raw response is seen as it is read', async () => {
  const response = await client.messages.create(request).asResponse();
  await response.json();
  assert.equal((await nextSpan()).attributes['gen_ai.usage.output_tokens'], 8);
});
