import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { traceModelCall } from '../../tracer/index.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { post } from './support/client.ts';
import { recordSpans, takeSpan } from './support/recorded-spans.ts';

let provider: FakeProvider;
before(async () => {
  recordSpans();
  provider = await startFakeProvider();
});
after(() => provider.close());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const options = { model: 'small-chat-v1', provider: 'openai' };

/** The attributes that an answer adds to those of the call itself. */
async function read(answer: unknown): Promise<Record<string, unknown>> {
  await traceModelCall(options, async () => answer);
  const { attributes } = takeSpan();
  const own = ['gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.request.model'];
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !own.includes(name)));
}

test('a chat completion over HTTP is read: tokens, cached and reasoning tokens, model, id, finish reason, hash', async () => {
  const usage = { input_tokens: 100, output_tokens: 40, cache_read_tokens: 60, reasoning_tokens: 30 };
  const fake = { text: 'Grüße 👋', model: 'small-chat-v1-2026-01', usage };
  const answer = await traceModelCall({ ...options, input: 'Say hello' }, () =>
    post(provider, options, { fake }),
  );
  assert.equal(answer.choices[0].message.content, 'Grüße 👋');
  const span = takeSpan();
  assert.equal(span.name, 'chat small-chat-v1');
  assert.deepEqual(span.attributes, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'small-chat-v1',
    'gen_ai.response.model': 'small-chat-v1-2026-01',
    'gen_ai.response.id': answer.id,
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 40,
    'gen_ai.usage.cache_read.input_tokens': 60,
    'gen_ai.usage.reasoning.output_tokens': 30,
    'plumbline.prompt.hash': sha256('Say hello'),
    'plumbline.response.hash': sha256('Grüße 👋'),
  });
});

test('an Anthropic message counts the cached tokens into the input', async () => {
  const usage = { input_tokens: 100, output_tokens: 9, cache_read_tokens: 60, cache_write_tokens: 15 };
  const answer = await post(provider, options, { path: '/v1/messages', fake: { usage } });
  assert.equal(answer.usage.input_tokens, 25);
  const attributes = await read(answer);
  assert.equal(attributes['gen_ai.usage.input_tokens'], 100);
  assert.equal(attributes['gen_ai.usage.output_tokens'], 9);
  assert.equal(attributes['gen_ai.usage.cache_read.input_tokens'], 60);
  assert.equal(attributes['gen_ai.usage.cache_write.input_tokens'], 15);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['end_turn']);
  assert.equal(attributes['plumbline.response.hash'], sha256('Paris is the capital of France.'));
});

test('an embeddings answer has input tokens and nothing else counted', async () => {
  const answer = await post(provider, { ...options, input: ['a', 'b'] }, { path: '/v1/embeddings' });
  assert.deepEqual(await read(answer), {
    'gen_ai.response.model': 'small-chat-v1',
    'gen_ai.usage.input_tokens': 12,
  });
});

test('an answer of the Responses API is read: text of the messages alone, status as finish reason', async () => {
  const attributes = await read({
    object: 'response',
    id: 'resp_1',
    model: 'reasoner-2',
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    output: [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
      {
        type: 'message',
        content: [
          { type: 'output_text', text: 'one ' },
          { type: 'output_text', text: 'two' },
        ],
      },
    ],
    usage: {
      input_tokens: 50,
      input_tokens_details: { cached_tokens: 10 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 12 },
    },
  });
  assert.deepEqual(attributes, {
    'gen_ai.response.model': 'reasoner-2',
    'gen_ai.response.id': 'resp_1',
    'gen_ai.response.finish_reasons': ['max_output_tokens'],
    'gen_ai.usage.input_tokens': 50,
    'gen_ai.usage.output_tokens': 20,
    'gen_ai.usage.cache_read.input_tokens': 10,
    'gen_ai.usage.reasoning.output_tokens': 12,
    'plumbline.response.hash': sha256('one two'),
  });
});

test('a response that failed without an exception is an error of the provider’s code', async () => {
  const failed = {
    object: 'response',
    status: 'failed',
    error: { code: 'server_error', message: 'x' },
    output: [],
  };
  assert.equal((await read(failed))['error.type'], 'server_error');
});

test('AI SDK results of version 6 and later are read with their sum of steps', async () => {
  const attributes = await read({
    finishReason: 'stop',
    text: 'hi',
    response: { id: 'r1', modelId: 'm1' },
    usage: { inputTokens: 1, outputTokens: 1 },
    totalUsage: {
      inputTokens: 70,
      inputTokenDetails: { noCacheTokens: 30, cacheReadTokens: 30, cacheWriteTokens: 10 },
      outputTokens: 9,
      outputTokenDetails: { reasoningTokens: 4 },
    },
  });
  assert.deepEqual(attributes, {
    'gen_ai.response.model': 'm1',
    'gen_ai.response.id': 'r1',
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': 70,
    'gen_ai.usage.output_tokens': 9,
    'gen_ai.usage.cache_read.input_tokens': 30,
    'gen_ai.usage.cache_write.input_tokens': 10,
    'gen_ai.usage.reasoning.output_tokens': 4,
    'plumbline.response.hash': sha256('hi'),
  });
});

test('AI SDK 5 leaves the cache out of Anthropic’s input, and it is added', async () => {
  const attributes = await read({
    finishReason: 'stop',
    usage: { inputTokens: 40, cachedInputTokens: 10, outputTokens: 2, totalTokens: 42 },
    providerMetadata: { anthropic: { cacheCreationInputTokens: 5 } },
  });
  assert.equal(attributes['gen_ai.usage.input_tokens'], 55);
});

test('AI SDK 4 names its tokens otherwise, and NaN is no count', async () => {
  const usage = { promptTokens: 7, completionTokens: Number.NaN, totalTokens: Number.NaN };
  const attributes = await read({ finishReason: 'stop', usage });
  assert.equal(attributes['gen_ai.usage.input_tokens'], 7);
  assert.equal('gen_ai.usage.output_tokens' in attributes, false);
});

test('output that leaves reasoning out, as its total shows, is made whole', async () => {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: 5,
    completion_tokens_details: { reasoning_tokens: 20 },
    total_tokens: 35,
  };
  const attributes = await read({ choices: [{ message: { content: 'x' } }], usage });
  assert.equal(attributes['gen_ai.usage.output_tokens'], 25);
});

test('every choice has its finish reason, and only the first one’s text is hashed', async () => {
  const choices = [
    { message: { content: [{ type: 'text', text: 'a' }] }, finish_reason: 'stop' },
    { message: { content: 'b' }, finish_reason: 'length' },
  ];
  const attributes = await read({ choices });
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['stop', 'length']);
  assert.equal(attributes['plumbline.response.hash'], sha256('a'));
});

test('an answer without usage has no counts, and a negative count or a word is none', async () => {
  assert.deepEqual(await read({ choices: [{ message: { content: null } }] }), {});
  const usage = { prompt_tokens: -1, completion_tokens: 'many', total_tokens: '3' };
  assert.deepEqual(await read({ choices: [{ message: { content: null } }], usage }), {});
  const digits = { prompt_tokens: '3', completion_tokens: 4 };
  assert.deepEqual(await read({ choices: [{ message: {} }], usage: digits }), {
    'gen_ai.usage.input_tokens': 3,
    'gen_ai.usage.output_tokens': 4,
  });
});

test('an answer of no known shape adds nothing, and a getter that throws does no harm', async () => {
  assert.deepEqual(await read({ anything: 1 }), {});
  assert.deepEqual(await read(undefined), {});
  const hostile = {
    get choices() {
      throw new Error('no');
    },
  };
  assert.deepEqual(await read(hostile), {});
});
