import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { type FakeProvider, startFakeProvider } from '../../support/fake-provider.ts';
import { type Fake, fakeHeaders } from '../support/client.ts';
import { nextSpan, recordSpans, takeSpan, takeSpans } from '../support/recorded-spans.ts';

const TEXT = 'Paris is the capital of France.';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const usage = { input_tokens: 30, output_tokens: 9, cache_read_tokens: 20, reasoning_tokens: 1 };

let provider: FakeProvider;
let ai: typeof import('ai');
let chat: (model: string) => import('ai').LanguageModel;
let claude: (model: string) => import('ai').LanguageModel;
let embedding: (model: string) => import('ai').EmbeddingModel;
before(async () => {
  recordSpans();
  provider = await startFakeProvider();
  // The package's exports cannot be replaced: it must be patched before it is loaded.
  const { patchClients } = await import('../../../tracer/load/hook.ts');
  patchClients();
  ai = await import('ai');
  const { createOpenAI } = await import('@ai-sdk/openai');
  const { createAnthropic } = await import('@ai-sdk/anthropic');
  const openai = createOpenAI({ apiKey: 'none', baseURL: `${provider.url}/v1` });
  chat = (model) => openai.chat(model);
  embedding = (model) => openai.embedding(model);
  claude = createAnthropic({ apiKey: 'none', baseURL: `${provider.url}/v1` });
});
beforeEach(() => void takeSpans());
after(() => provider.close());

const headers = (fake: Fake) => ({ headers: fakeHeaders(fake) });

test('generateText is one span, without a change of the application', async () => {
  const { text } = await ai.generateText({ model: chat('m'), prompt: 'Capital?', ...headers({ usage }) });
  assert.equal(text, TEXT);
  const { attributes, name } = takeSpan();
  assert.equal(name, 'chat m');
  assert.equal(attributes['gen_ai.provider.name'], 'openai');
  assert.equal(attributes['gen_ai.usage.input_tokens'], 30);
  assert.equal(attributes['gen_ai.usage.output_tokens'], 9);
  assert.equal(attributes['gen_ai.usage.cache_read.input_tokens'], 20);
  assert.equal(attributes['gen_ai.usage.reasoning.output_tokens'], 1);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['stop']);
  assert.match(String(attributes['gen_ai.response.id']), /^chatcmpl-fake-/);
  assert.equal(attributes['plumbline.prompt.hash'], sha256('Capital?'));
  assert.equal(attributes['plumbline.response.hash'], sha256(TEXT));
});

test('streamText is followed to its end, however it is read', async () => {
  const stream = (fake: Fake = {}) =>
    ai.streamText({ model: chat('m'), prompt: 'Capital?', ...headers({ usage, ...fake }), onError() {} });
  const reads = [
    async () => {
      for await (const _ of stream().textStream);
    },
    async () => {
      await stream().text;
    },
    async () => {
      await stream().toTextStreamResponse().text();
    },
  ];
  for (const read of reads) {
    await read();
    const { attributes } = await nextSpan();
    assert.equal(attributes['gen_ai.request.stream'], true);
    assert.equal(attributes['gen_ai.usage.output_tokens'], 9);
    assert.ok(Number(attributes['gen_ai.response.time_to_first_chunk']) > 0);
    assert.equal(attributes['plumbline.response.hash'], sha256(TEXT));
  }
  await assert.rejects(async () => {
    for await (const _ of stream({ cut_after: 2 }).textStream);
  });
  assert.ok((await nextSpan()).attributes['error.type']);
});

test('a stream that the application aborts says so, by the name that the signal was given', async () => {
  for (const [reason, name] of [
    [undefined, 'AbortError'],
    [new DOMException('too slow', 'TimeoutError'), 'TimeoutError'],
  ] as const) {
    const controller = new AbortController();
    const stream = ai.streamText({
      model: chat('m'),
      prompt: 'Capital?',
      abortSignal: controller.signal,
      ...headers({ chunk_delay_ms: 20 }),
      onError() {},
    });
    await assert.doesNotReject(async () => {
      for await (const _ of stream.textStream) controller.abort(reason);
    });
    assert.equal((await nextSpan()).attributes['error.type'], name);
  }
});

test('a generation of several steps is several calls, as it is billed', async () => {
  const { z } = await import('zod');
  const now = ai.tool({ inputSchema: z.object({}), execute: async () => 'noon' });
  const { text, steps } = await ai.generateText({
    model: chat('m'),
    prompt: 'What time is it?',
    tools: { now },
    stopWhen: ai.isStepCount(3),
    ...headers({ tool: 'now' }),
  });
  assert.deepEqual([text, steps.length], [TEXT, 2]);
  const reasons = takeSpans().map(({ attributes }) => attributes['gen_ai.response.finish_reasons']);
  assert.deepEqual(reasons, [['tool-calls'], ['stop']]);
});

test('Anthropic’s input holds its cached tokens', async () => {
  const cached = { input_tokens: 30, output_tokens: 9, cache_read_tokens: 20, cache_write_tokens: 4 };
  await ai.generateText({ model: claude('c'), prompt: 'Capital?', ...headers({ usage: cached }) });
  const { attributes } = takeSpan();
  assert.equal(attributes['gen_ai.provider.name'], 'anthropic');
  assert.equal(attributes['gen_ai.usage.input_tokens'], 30);
  assert.equal(attributes['gen_ai.usage.cache_read.input_tokens'], 20);
  assert.equal(attributes['gen_ai.usage.cache_write.input_tokens'], 4);
});

test('objects and embeddings are traced', async () => {
  const { z } = await import('zod');
  const output = ai.Output.object({ schema: z.object({ city: z.string() }) });
  await ai.generateText({ model: chat('m'), prompt: 'x', output, ...headers({ text: '{"city":"Paris"}' }) });
  assert.equal(takeSpan().attributes['plumbline.response.hash'], sha256('{"city":"Paris"}'));
  await ai.embed({ model: embedding('e'), value: 'a' });
  await ai.embedMany({ model: embedding('e'), values: ['a', 'b'] });
  const spans = takeSpans();
  assert.deepEqual(
    spans.map(({ name }) => name),
    ['embeddings e', 'embeddings e'],
  );
  assert.equal(spans[0]?.attributes['gen_ai.usage.input_tokens'], 12);
});

test('what the SDK tries again is one call, with the number of its retries', async () => {
  const model = chat('m');
  const again = headers({ status: 429, fail_first: 2, text: 'third' });
  await ai.generateText({ model, prompt: 'x', ...again });
  const { attributes } = takeSpan();
  assert.equal(attributes['plumbline.client_retries'], 2);
  assert.equal('error.type' in attributes, false);
  const lost = ai.generateText({ model: chat('fake-500'), prompt: 'x', maxRetries: 1 });
  const error = await lost.catch((reason: unknown) => reason);
  assert.ok(ai.RetryError.isInstance(error));
  const failed = takeSpan();
  assert.equal(failed.attributes['error.type'], 'server_error');
  assert.equal(failed.attributes['http.response.status_code'], 500);
  assert.equal(failed.attributes['plumbline.client_retries'], 1);
  await assert.rejects(ai.generateText({ model: chat('fake-401'), prompt: 'x' }));
  assert.equal(takeSpan().attributes['error.type'], 'invalid_api_key');
});

test('a stream’s request is tried again too', async () => {
  const again = headers({ status: 500, fail_first: 1, text: 'second' });
  const { text } = ai.streamText({ model: chat('m'), prompt: 'x', ...again });
  assert.equal(await text, 'second');
  const { attributes } = await nextSpan();
  assert.equal(attributes['plumbline.client_retries'], 1);
  assert.equal(attributes['plumbline.response.hash'], sha256('second'));
});

test('a model wrapped in middleware, and one that traced() knows, are told of once', async () => {
  const { traced } = await import('../../../tracer/index.ts');
  const inner = traced(chat('m') as Exclude<import('ai').LanguageModel, string>);
  const model = ai.wrapLanguageModel({ model: inner as never, middleware: ai.simulateStreamingMiddleware() });
  await ai.generateText({ model, prompt: 'x' });
  takeSpan();
});
