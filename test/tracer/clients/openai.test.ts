import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI, { AzureOpenAI } from 'openai';
import { patchOpenAi } from '../../../tracer/clients/openai.ts';
import { traced } from '../../../tracer/index.ts';
import { type FakeProvider, startFakeProvider } from '../../support/fake-provider.ts';
import { type Fake, fakeHeaders } from '../support/client.ts';
import { durationMs, nextSpan, recordSpans, takeSpan, takeSpans } from '../support/recorded-spans.ts';

const TEXT = 'Paris is the capital of France.';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const messages = [{ role: 'user' as const, content: 'Capital of France?' }];
const usage = { input_tokens: 30, output_tokens: 9, cache_read_tokens: 20, reasoning_tokens: 1 };

let provider: FakeProvider;
let client: OpenAI;
before(async () => {
  recordSpans();
  patchOpenAi(OpenAI);
  patchOpenAi(OpenAI);
  provider = await startFakeProvider();
  client = new OpenAI({ apiKey: 'none', baseURL: `${provider.url}/v1` });
});
beforeEach(() => void takeSpans());
after(() => provider.close());

let model = 0;
/** A model's name of its own, and headers for this answer. */
const ask = (fake: Fake = {}) =>
  [{ model: `m-${++model}`, messages }, { headers: fakeHeaders(fake) }] as const;

test('a chat completion is one span with everything the answer says', async () => {
  const [body, options] = ask({ usage, model: 'm-2026-11' });
  const answer = await client.chat.completions.create({ ...body, user: 'x' }, options);
  assert.equal(answer.choices[0]?.message.content, TEXT);
  const { attributes, name, kind } = takeSpan();
  assert.deepEqual([name, kind], [`chat ${body.model}`, 2]);
  assert.deepEqual(attributes, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': body.model,
    'gen_ai.response.model': 'm-2026-11',
    'gen_ai.response.id': answer.id,
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': 30,
    'gen_ai.usage.output_tokens': 9,
    'gen_ai.usage.cache_read.input_tokens': 20,
    'gen_ai.usage.reasoning.output_tokens': 1,
    'plumbline.prompt.hash': sha256('Capital of France?'),
    'plumbline.response.hash': sha256(TEXT),
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(provider.url).port),
  });
});

test('the promise is the client’s own: its methods work, and raw answers are seen as they are read', async () => {
  const [body, options] = ask();
  const promise = client.chat.completions.create(body, options);
  assert.equal(promise.constructor.name, 'APIPromise');
  const { data, response, request_id } = await promise.withResponse();
  assert.deepEqual([data.choices.length, response.status, request_id], [1, 200, 'req_fake']);
  assert.equal(await promise, data);
  assert.equal(takeSpan().attributes['gen_ai.usage.input_tokens'], 12);

  const raw = await client.chat.completions.create(...ask()).asResponse();
  assert.deepEqual(takeSpans(), []);
  assert.match(await raw.text(), /Paris/);
  assert.equal(takeSpan().attributes['plumbline.response.hash'], sha256(TEXT));
});

test('a stream comes through whole, with its first token and its usage', async () => {
  const [body, options] = ask({ usage, chunks: 4, chunk_delay_ms: 15, delay_ms: 30 });
  const stream_options = { include_usage: true };
  const stream = await client.chat.completions.create({ ...body, stream: true, stream_options }, options);
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  assert.equal(text, TEXT);
  const span = takeSpan();
  const ttft_ms = Number(span.attributes['gen_ai.response.time_to_first_chunk']) * 1000;
  assert.ok(ttft_ms >= 44 && ttft_ms < durationMs(span) - 30, `${ttft_ms} of ${durationMs(span)} ms`);
  assert.equal(span.attributes['gen_ai.request.stream'], true);
  assert.equal(span.attributes['gen_ai.usage.output_tokens'], 9);
  assert.equal(span.attributes['plumbline.response.hash'], sha256(TEXT));
});

test('a stream without usage, or one that ends early, has no counts: nothing is guessed', async () => {
  for (const fake of [{ no_usage: true }, { end_after: 2 }]) {
    const [body, options] = ask(fake);
    for await (const _ of await client.chat.completions.create({ ...body, stream: true }, options));
    const { attributes } = takeSpan();
    assert.equal('gen_ai.usage.input_tokens' in attributes, false);
    assert.equal('error.type' in attributes, false);
  }
  const [body, options] = ask({ no_usage: true });
  await client.chat.completions.create(body, options);
  assert.equal('gen_ai.usage.output_tokens' in takeSpan().attributes, false);
});

test('break, abort and a broken connection end a stream’s span each in its way', async () => {
  const open = async (fake: Fake) => {
    const [body, options] = ask(fake);
    return client.chat.completions.create({ ...body, stream: true }, options);
  };
  for await (const chunk of await open({ chunk_delay_ms: 5 })) if (chunk.choices[0]?.delta.content) break;
  assert.equal('error.type' in takeSpan().attributes, false);

  const aborted = await open({ chunk_delay_ms: 20 });
  setTimeout(() => aborted.controller.abort(), 30);
  for await (const _ of aborted);
  assert.equal(takeSpan().attributes['error.type'], 'AbortError');

  const broken = await open({ cut_after: 2 });
  await assert.rejects(async () => {
    for await (const _ of broken);
  });
  const { attributes } = takeSpan();
  assert.equal(attributes['error.type'], 'UND_ERR_SOCKET');
  assert.equal(attributes['plumbline.response.hash'], sha256(TEXT.slice(0, 16)));
});

test('a loop over a helper that is left is no failure, and a helper that is aborted is one', async () => {
  const [body, options] = ask({ chunk_delay_ms: 10 });
  for await (const _ of client.chat.completions.stream(body, options)) break;
  const { attributes } = await nextSpan();
  assert.equal('error.type' in attributes, false);
  assert.equal(attributes['gen_ai.request.stream'], true);
  const events = client.responses.stream({ model: 'm', input: 'hi' }, options);
  for await (const { type } of events) if (type === 'response.output_text.delta') break;
  assert.equal('error.type' in (await nextSpan()).attributes, false);

  const aborted = client.chat.completions.stream(body, options);
  aborted.once('chunk', () => aborted.abort());
  await assert.rejects(aborted.done(), OpenAI.APIUserAbortError);
  assert.equal((await nextSpan()).attributes['error.type'], 'AbortError');
});

test('helpers use what is traced, and are traced once', async () => {
  const [body, options] = ask();
  await client.chat.completions.stream(body, options).finalChatCompletion();
  assert.equal((await nextSpan()).attributes['gen_ai.request.stream'], true);
  await client.chat.completions.parse(...ask());
  assert.equal(takeSpan().attributes['plumbline.response.hash'], sha256(TEXT));
  const response = client.responses.stream({ model: 'm', input: 'hi' }, options);
  await response.finalResponse();
  assert.equal((await nextSpan()).attributes['gen_ai.usage.input_tokens'], 12);
  const now = { name: 'now', description: 'The time', function: () => 'noon', parameters: {} };
  const tools = [{ type: 'function' as const, function: now }];
  const runner = client.chat.completions.runTools(
    { model: 'm', messages, tools },
    { headers: fakeHeaders({ tool: 'now' }) },
  );
  assert.equal(await runner.finalContent(), TEXT);
  const finishes = takeSpans().map(({ attributes }) => attributes['gen_ai.response.finish_reasons']);
  assert.deepEqual(finishes, [['tool_calls'], ['stop']], 'two requests are two calls');
});

test('the Responses API is read, whole and streamed, with text and with a tool call', async () => {
  const input = [
    {
      role: 'user' as const,
      content: [
        { type: 'input_text' as const, text: 'What is this?' },
        { type: 'input_image' as const, image_url: 'data:image/png;base64,AAAA', detail: 'auto' as const },
      ],
    },
  ];
  const headers = fakeHeaders({ usage });
  const answer = await client.responses.create({ model: 'm', input, instructions: 'Be brief.' }, { headers });
  assert.equal(answer.output_text, TEXT);
  const whole = takeSpan().attributes;
  const events = await client.responses.create({ model: 'm', input, stream: true }, { headers });
  for await (const _ of events);
  const streamed = takeSpan().attributes;
  for (const attributes of [whole, streamed]) {
    assert.equal(attributes['gen_ai.usage.input_tokens'], 30);
    assert.equal(attributes['gen_ai.usage.reasoning.output_tokens'], 1);
    assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['completed']);
    assert.equal(attributes['plumbline.prompt.hash'], sha256('What is this?'), 'images are no text');
    assert.equal(attributes['plumbline.response.hash'], sha256(TEXT));
  }
  assert.ok(Number(streamed['gen_ai.response.time_to_first_chunk']) > 0);
  const called = await client.responses.create(
    { model: 'm', input: 'now?' },
    { headers: fakeHeaders({ tool: 'now' }) },
  );
  assert.equal(called.output[0]?.type, 'function_call');
  assert.equal('plumbline.response.hash' in takeSpan().attributes, false);
});

test('embeddings have input tokens only', async () => {
  const { data } = await client.embeddings.create({
    model: 'e',
    input: ['a', 'b'],
    encoding_format: 'float',
  });
  assert.equal(data.length, 2);
  const { attributes, name } = takeSpan();
  assert.equal(name, 'embeddings e');
  assert.equal(attributes['gen_ai.usage.input_tokens'], 12);
  assert.equal('gen_ai.usage.output_tokens' in attributes, false);
});

const CODES = {
  400: 'context_length_exceeded',
  401: 'invalid_api_key',
  408: 'timeout',
  429: 'rate_limit_exceeded',
  500: 'server_error',
  529: 'overloaded_error',
};

test('failures keep the client’s error object, and the attempts of the client are one call', async () => {
  for (const [status, code] of Object.entries(CODES)) {
    const call = client.chat.completions.create({ model: `fake-${status}`, messages });
    const error = await call.catch((reason: unknown) => reason);
    assert.ok(error instanceof OpenAI.APIError && error.status === Number(status), String(error));
    const { attributes, status: of } = takeSpan();
    assert.deepEqual(
      [attributes['error.type'], attributes['http.response.status_code'], of.message],
      [code, Number(status), code],
    );
    const retries = status === '400' || status === '401' ? undefined : 2;
    assert.equal(attributes['plumbline.client_retries'], retries, status);
  }
  const [body, options] = ask({ status: 500, fail_first: 1 });
  await client.chat.completions.create(body, options);
  const { attributes } = takeSpan();
  assert.equal(attributes['plumbline.client_retries'], 1);
  assert.equal('error.type' in attributes, false);
});

test('timeouts and refused connections are named', async () => {
  const [body, options] = ask({ delay_ms: 1_000 });
  const late = client.chat.completions.create(body, { ...options, timeout: 30, maxRetries: 0 });
  await assert.rejects(late, OpenAI.APIConnectionTimeoutError);
  assert.equal(takeSpan().attributes['error.type'], 'APIConnectionTimeoutError');
  const nobody = new OpenAI({ apiKey: 'none', baseURL: 'http://127.0.0.1:1/v1', maxRetries: 0 });
  await assert.rejects(nobody.chat.completions.create({ model: 'm', messages }), OpenAI.APIConnectionError);
  assert.equal(takeSpan().attributes['error.type'], 'APIConnectionError');
});

test('clients made of a client, and other classes of the package, are traced once', async () => {
  const copy = traced(traced(client.withOptions({ maxRetries: 0 })));
  await copy.chat.completions.create({ model: 'm', messages });
  takeSpan();
  const azure = new AzureOpenAI({
    apiKey: 'none',
    apiVersion: '2026-01-01',
    baseURL: `${provider.url}/v1`,
    fetch: (url, init) => fetch(String(url).replace(/deployments\/[^/]+\//, ''), init),
  });
  await azure.chat.completions.create({ model: 'm', messages });
  takeSpan();
});
