import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { patchFetch } from '../../tracer/clients/fetch.ts';
import { patchOpenAi } from '../../tracer/clients/openai.ts';
import { configure, traceModelCall } from '../../tracer/index.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { fakeHeaders } from './support/client.ts';

const NOT_RECORD = 0;
let asked = 0;
let provider: FakeProvider;
let client: import('openai').OpenAI;
before(async () => {
  const sampler = {
    shouldSample() {
      asked++;
      return { decision: NOT_RECORD };
    },
    toString: () => 'none',
  };
  const none = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
  new NodeSDK({ sampler, spanProcessors: [none], metricReaders: [], autoDetectResources: false }).start();
  provider = await startFakeProvider();
  configure({ fetch_hosts: [new URL(provider.url).host] });
  patchFetch();
  const { default: OpenAI } = await import('openai');
  patchOpenAi({ default: OpenAI });
  client = new OpenAI({ apiKey: 'none', baseURL: `${provider.url}/v1` });
});
beforeEach(() => {
  asked = 0;
});
after(() => provider.close());

const chat = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };

test('the sampler is asked once for a call, however often it is told of', async () => {
  await client.chat.completions.create(chat);
  assert.equal(asked, 1);
  await traceModelCall({ model: 'm', provider: 'openai' }, () => client.chat.completions.create(chat));
  assert.equal(asked, 2);
  const failing = { status: 500, fail_first: 1 };
  await client.chat.completions.create(chat, { headers: { ...fakeHeaders(failing), 'retry-after-ms': '1' } });
  assert.equal(asked, 3, 'an attempt more');
  const stream = await client.chat.completions.create({ ...chat, stream: true });
  for await (const _ of stream);
  await client.chat.completions.stream(chat).finalContent();
  assert.equal(asked, 5, 'streams');
});

test('what happens inside has the span that was left out as its parent, and comes back as it is', () => {
  const answer = { model: 'm' };
  const given = traceModelCall({ model: 'm', provider: 'openai' }, (call) => {
    call.record({ output_tokens: 3 });
    assert.equal(trace.getActiveSpan()?.spanContext().spanId, call.spanContext()?.spanId);
    assert.equal(call.spanContext()?.traceFlags, 0);
    return answer;
  });
  assert.equal(given, answer);
  assert.throws(
    () =>
      traceModelCall({ model: 'm', provider: 'openai' }, () => {
        throw new RangeError('mine');
      }),
    RangeError,
  );
});
