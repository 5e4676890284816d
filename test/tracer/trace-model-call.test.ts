import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, beforeEach, test } from 'node:test';
import { SpanKind, trace } from '@opentelemetry/api';
import { type ModelCallOptions, traceModelCall } from '../../tracer/index.ts';
import { durationMs, recordSpans, takeSpan, takeSpans } from './support/recorded-spans.ts';

const options = { model: 'small-chat-v1', provider: 'openai' };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('without an SDK the function runs once and its answer comes back as it is', async () => {
  let runs = 0;
  const answer = Promise.resolve({});
  const returned = traceModelCall(options, (call) => {
    runs += 1;
    call.markFirstToken();
    call.record({ input_tokens: 1 });
    return answer;
  });
  assert.equal(returned, answer);
  assert.equal(runs, 1);
});

test('with an SDK', async (suite) => {
  before(recordSpans);
  beforeEach(() => void takeSpans());

  await suite.test(
    'a span of kind CLIENT lasts as long as the call, whose answer is the same object',
    async () => {
      const answer = { some: 'object' };
      const returned = await traceModelCall(options, async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return answer;
      });
      assert.equal(returned, answer);
      const span = takeSpan();
      assert.equal(span.kind, SpanKind.CLIENT);
      assert.equal(span.name, 'chat small-chat-v1');
      assert.deepEqual(span.instrumentationScope.name, 'plumbline-tracer');
      assert.ok(durationMs(span) >= 29 && durationMs(span) < 1000, `${durationMs(span)} ms`);
    },
  );

  await suite.test('a synchronous function gives its value and no promise', () => {
    assert.equal(
      traceModelCall(options, () => 'text'),
      'text',
    );
    assert.equal(takeSpan().attributes['plumbline.response.hash'], sha256('text'));
  });

  await suite.test('the span is active inside, so a span begun there is its child', async () => {
    const tracer = trace.getTracer('test');
    await traceModelCall(options, async () => {
      await Promise.resolve();
      tracer.startSpan('inner').end();
    });
    const [inner, outer] = takeSpans();
    assert.equal(inner?.parentSpanContext?.spanId, outer?.spanContext().spanId);
    assert.equal(trace.getActiveSpan(), undefined);
  });

  await suite.test('every label becomes its attribute, and the caller’s own attributes replace none', () => {
    const labels: ModelCallOptions = {
      ...options,
      operation: 'text_completion',
      user_id: 'u-1',
      conversation_id: 'c-1',
      request_type: 'support',
      variant: 'canary',
      slices: ['vip', 'long'],
      stream: false,
      confidence: 0.25,
      client_retries: 2,
      server_address: 'api.example.com',
      attributes: { team: 'search', 'user.id': 'overwritten' },
    };
    traceModelCall(labels, () => undefined);
    const span = takeSpan();
    assert.equal(span.name, 'text_completion small-chat-v1');
    assert.deepEqual(span.attributes, {
      team: 'search',
      'gen_ai.operation.name': 'text_completion',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'small-chat-v1',
      'gen_ai.request.stream': false,
      'gen_ai.conversation.id': 'c-1',
      'user.id': 'u-1',
      'server.address': 'api.example.com',
      'plumbline.request_type': 'support',
      'plumbline.variant': 'canary',
      'plumbline.slices': ['vip', 'long'],
      'plumbline.confidence': 0.25,
      'plumbline.client_retries': 2,
    });
  });

  await suite.test('what the caller records wins over what is read from the answer', async () => {
    await traceModelCall(options, async (call) => {
      call.record({ input_tokens: 1, output_tokens: 2, confidence: 0.5 });
      call.record({ output_tokens: 3, cache_read_tokens: 1, cache_write_tokens: 0, reasoning_tokens: 2 });
      call.record({ finish_reason: 'length', text: 'mine', model: 'm2', id: 'r9', http_status: 200 });
      return { choices: [{ message: { content: 'theirs' } }], usage: { prompt_tokens: 50 } };
    });
    const { attributes } = takeSpan();
    assert.equal(attributes['gen_ai.usage.input_tokens'], 1);
    assert.equal(attributes['gen_ai.usage.output_tokens'], 3);
    assert.equal(attributes['gen_ai.usage.cache_read.input_tokens'], 1);
    assert.equal(attributes['gen_ai.usage.cache_write.input_tokens'], 0);
    assert.equal(attributes['gen_ai.usage.reasoning.output_tokens'], 2);
    assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['length']);
    assert.equal(attributes['gen_ai.response.model'], 'm2');
    assert.equal(attributes['gen_ai.response.id'], 'r9');
    assert.equal(attributes['http.response.status_code'], 200);
    assert.equal(attributes['plumbline.confidence'], 0.5);
    assert.equal(attributes['plumbline.response.hash'], sha256('mine'));
  });

  await suite.test('a first token is marked once', async () => {
    await traceModelCall(options, async (call) => {
      call.markFirstToken();
      await new Promise((resolve) => setTimeout(resolve, 20));
      call.markFirstToken();
    });
    const ttft = Number(takeSpan().attributes['gen_ai.response.time_to_first_chunk']);
    assert.ok(ttft >= 0 && ttft < 0.015, `${ttft} s`);
  });

  await suite.test('a client’s promise class keeps withResponse', async () => {
    const data = { choices: [{ message: { content: 'x' } }] };
    class ApiPromise<T> extends Promise<T> {
      async withResponse() {
        return { data: await this, response: 'raw' };
      }
    }
    const returned = traceModelCall(options, () => ApiPromise.resolve(data) as ApiPromise<typeof data>);
    assert.deepEqual(await returned.withResponse(), { data, response: 'raw' });
    assert.equal(await returned, data);
    takeSpan();
  });

  await suite.test('text leaves the process in no attribute, name, status or event', async () => {
    const secret = 'my secret plan';
    const call = { ...options, input: secret, system: secret };
    await traceModelCall(call, async () => ({ choices: [{ message: { content: secret } }] }));
    const failing = traceModelCall(call, async () => {
      throw Object.assign(new Error(secret), {
        status: 400,
        code: secret,
        type: secret,
        error: { code: secret },
      });
    });
    await assert.rejects(failing);
    for (const span of takeSpans()) {
      const { name, attributes, status, events } = span;
      assert.doesNotMatch(JSON.stringify({ name, attributes, status, events }), /secret/);
    }
  });

  await suite.test('slices that only the prompt shows are added to the caller’s own', () => {
    const slicesFor = (input: unknown, slices?: string[]) => {
      traceModelCall({ ...options, input, slices }, () => 1);
      return takeSpan().attributes['plumbline.slices'];
    };
    const message = { role: 'user', content: 'hi' };
    const image = { role: 'user', content: [{ type: 'input_image', image_url: 'x' }] };
    assert.equal(slicesFor([message]), undefined);
    assert.deepEqual(slicesFor([image], ['vip']), ['vip', 'multimodal']);
    assert.deepEqual(slicesFor(Array(12).fill(message)), ['long_thread']);
    assert.equal(slicesFor(Array(12).fill('a text to embed')), undefined);
    const gemini = { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: '' } }] };
    assert.deepEqual(slicesFor([gemini]), ['multimodal']);
  });

  await suite.test('options that make no sense do no harm to the call', () => {
    const hostile = {
      get model(): string {
        throw new Error('no');
      },
      provider: 'x',
    };
    assert.equal(
      traceModelCall(hostile, () => 1),
      1,
    );
    assert.equal(
      traceModelCall(undefined as unknown as ModelCallOptions, () => 2),
      2,
    );
    const odd = {
      model: 7,
      provider: null,
      slices: 'a',
      confidence: 3,
      client_retries: Number.NaN,
      input: 5,
    };
    assert.equal(
      traceModelCall(odd as unknown as ModelCallOptions, () => 3),
      3,
    );
    assert.deepEqual(takeSpan().attributes, { 'gen_ai.operation.name': 'chat' });
  });
});
