import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { patchOpenAi } from '../../tracer/clients/openai.ts';
import { traceModelCall } from '../../tracer/index.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { fakeHeaders } from './support/client.ts';
import { recordSpans, takeSpan, takeSpans } from './support/recorded-spans.ts';

const messages = [{ role: 'user' as const, content: 'Capital?' }];
const options = { model: 'asked', provider: 'openai', user_id: 'u-1' };

let provider: FakeProvider;
let client: OpenAI;
before(async () => {
  recordSpans();
  patchOpenAi(OpenAI);
  provider = await startFakeProvider();
  client = new OpenAI({ apiKey: 'none', baseURL: `${provider.url}/v1`, maxRetries: 0 });
});
beforeEach(() => void takeSpans());
after(() => provider.close());

const create = () => client.chat.completions.create({ model: 'm', messages });

test('a call that is wrapped and patched is one span, which knows what both know', async () => {
  const text = await traceModelCall(options, async () =>
    (await create()).choices[0]?.message.content?.trim(),
  );
  assert.equal(text, 'Paris is the capital of France.');
  const { attributes } = takeSpan();
  assert.equal(attributes['gen_ai.request.model'], 'asked');
  assert.equal(attributes['user.id'], 'u-1');
  assert.equal(attributes['gen_ai.usage.input_tokens'], 12, 'read further in');
  assert.equal(attributes['server.address'], '127.0.0.1');
  assert.ok(attributes['plumbline.prompt.hash']);
});

test('what the caller records still wins', async () => {
  await traceModelCall(options, async (call) => {
    call.record({ input_tokens: 99 });
    await create();
  });
  assert.equal(takeSpan().attributes['gen_ai.usage.input_tokens'], 99);
});

test('a stream given back or used up inside ends the one span', async () => {
  const open = () => client.chat.completions.create({ model: 'm', messages, stream: true });
  for await (const _ of await traceModelCall(options, open));
  assert.ok(takeSpan().attributes['gen_ai.response.time_to_first_chunk']);
  const length = await traceModelCall(options, async () => {
    let chunks = 0;
    for await (const _ of await open()) chunks += 1;
    return chunks;
  });
  assert.equal(length, 6);
  const { attributes } = takeSpan();
  assert.ok(attributes['gen_ai.response.time_to_first_chunk']);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['stop']);
});

test('a promise of the client’s given back as it is stays one span and the same object', async () => {
  let made: unknown;
  const promise = traceModelCall(options, () => {
    const created = create();
    made = created;
    return created;
  });
  assert.equal(promise, made);
  assert.equal((await promise.withResponse()).response.status, 200);
  takeSpan();
});

test('a retry of the application’s own is counted, a second exchange is a call of its own', async () => {
  const headers = fakeHeaders({ status: 429, fail_first: 1, text: 'retried' });
  await traceModelCall(options, async () => {
    const once = () => client.chat.completions.create({ model: 'm', messages }, { headers });
    return once().catch(once);
  });
  const { attributes } = takeSpan();
  assert.equal(attributes['plumbline.client_retries'], 1);
  assert.equal('error.type' in attributes, false);

  await traceModelCall(options, async () => {
    await create();
    await client.chat.completions.create({ model: 'second', messages });
  });
  const spans = takeSpans();
  assert.deepEqual(
    spans.map(({ name }) => name),
    ['chat second', 'chat asked'],
  );
  const [second, first] = spans;
  assert.notEqual(second?.attributes['gen_ai.response.id'], first?.attributes['gen_ai.response.id']);
  assert.equal(second?.parentSpanContext?.spanId, first?.spanContext().spanId);
});

test('a wrapper within a wrapper is one call; a call made after it ended is another', async () => {
  await traceModelCall(options, () => traceModelCall({ model: 'inner', provider: 'p' }, create));
  assert.equal(takeSpan().name, 'chat asked');
  let later: Promise<unknown> | undefined;
  await traceModelCall(options, async () => {
    later = new Promise((resolve) => setTimeout(resolve, 10)).then(create);
    return 'done';
  });
  await later;
  assert.deepEqual(
    takeSpans().map(({ name }) => name),
    ['chat asked', 'chat m'],
  );
});

test('a failure inside fails the span with the error that comes out', async () => {
  const failed = traceModelCall(options, async () => {
    await client.chat.completions.create({ model: 'fake-401', messages });
  });
  await assert.rejects(failed, OpenAI.AuthenticationError);
  const { attributes } = takeSpan();
  assert.deepEqual(
    [attributes['error.type'], attributes['http.response.status_code']],
    ['invalid_api_key', 401],
  );
});
