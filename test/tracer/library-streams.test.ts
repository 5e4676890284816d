import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { traceModelCall } from '../../tracer/index.ts';
import { nextSpan, recordSpans, takeSpan, takeSpans } from './support/recorded-spans.ts';

before(recordSpans);

const options = { model: 'small-chat-v1', provider: 'openai' };
const tick = () => new Promise((resolve) => setImmediate(resolve));

/** A client's stream helper: emits chunks by itself, and raises a failure that nobody listens to. */
class Helper {
  readonly #emitter = new EventEmitter();
  errored = false;
  aborted = false;

  on(event: string, listener: (...args: unknown[]) => void) {
    this.#emitter.on(event, listener);
    return this;
  }

  listeners(event: string) {
    return this.#emitter.listenerCount(event);
  }

  _emit(event: string, ...args: unknown[]) {
    if (event === 'error') this.errored = true;
    if (event === 'abort') this.aborted = true;
    if (event !== 'error' || this.#emitter.listenerCount('error') > 0) this.#emitter.emit(event, ...args);
    if (event === 'error' || event === 'abort') this._emit('end');
  }

  async finalChatCompletion() {
    await tick();
    this._emit('chunk', {
      id: 'c1',
      choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }],
    });
    this._emit('chunk', { id: 'c1', choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } });
    this._emit('end');
    return 'final';
  }
}

test('a stream helper is followed by its events, whoever reads it', async () => {
  const helper = traceModelCall(options, () => new Helper());
  assert.equal(await helper.finalChatCompletion(), 'final');
  const { attributes } = takeSpan();
  assert.equal(attributes['gen_ai.usage.input_tokens'], 3);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['stop']);
});

test('a helper’s failure names the span’s error, and nobody is added to those who handle it', () => {
  const helper = traceModelCall(options, () => new Helper());
  assert.deepEqual([helper.listeners('error'), helper.listeners('abort')], [0, 0]);
  helper._emit('error', Object.assign(new RangeError('x'), { status: 429 }));
  const { attributes } = takeSpan();
  assert.equal(attributes['error.type'], 'RangeError');
  assert.equal(attributes['http.response.status_code'], 429);
});

const PARTS = [
  { type: 'start' },
  { type: 'text-delta', id: '1', text: 'hi ' },
  { type: 'text-delta', id: '1', text: 'there' },
  {
    type: 'finish-step',
    finishReason: 'stop',
    response: { id: 'r1', modelId: 'm2' },
    usage: { inputTokens: 1 },
  },
  { type: 'finish', finishReason: 'stop', totalUsage: { inputTokens: 5, outputTokens: 2 } },
];

/** Built like the AI SDK's result: getters that each tee the provider's stream, promises that start it. */
class TextResult {
  #base = ReadableStream.from(PARTS) as ReadableStream<(typeof PARTS)[number]>;
  touched: string[] = [];

  #tee() {
    const [mine, rest] = this.#base.tee();
    this.#base = rest;
    return mine;
  }

  get fullStream() {
    return this.#tee();
  }

  get textStream(): ReadableStream<string> {
    return this.#tee().pipeThrough(
      new TransformStream({
        transform(part, controller) {
          if (part.text) controller.enqueue(part.text);
        },
      }),
    );
  }

  get usage() {
    this.touched.push('usage');
    return Promise.resolve({ inputTokens: 5, outputTokens: 2 });
  }

  get finishReason() {
    return Promise.resolve('stop');
  }

  toTextStreamResponse() {
    return new Response(this.textStream.pipeThrough(new TextEncoderStream()));
  }
}

test('the AI SDK’s full stream is looked through, and each reading counts once', async () => {
  const result = traceModelCall(options, () => new TextResult());
  for (const _ of [1, 2]) for await (const part of result.fullStream) assert.ok(part.type);
  const { attributes } = await nextSpan();
  assert.equal(attributes['gen_ai.response.id'], 'r1');
  assert.equal(attributes['gen_ai.usage.input_tokens'], 5);
  assert.deepEqual(result.touched, []);
});

test('the AI SDK’s text stream names no tokens: the promises are asked once it has ended', async () => {
  const result = traceModelCall(options, () => new TextResult());
  const response = result.toTextStreamResponse();
  assert.deepEqual(result.touched, []);
  assert.equal(await response.text(), 'hi there');
  const { attributes } = await nextSpan();
  assert.equal(attributes['gen_ai.usage.output_tokens'], 2);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['stop']);
});

test('a stream that nobody reads ends when it is collected, at the time of its last sign of life', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  (() => void traceModelCall(options, () => ({ async *[Symbol.asyncIterator]() {} })))();
  const held = traceModelCall(options, () => ({
    async *[Symbol.asyncIterator]() {
      yield 'a';
      yield 'b';
    },
  }))[Symbol.asyncIterator]();
  await held.next();
  await new Promise((resolve) => setTimeout(resolve, 100));
  collect();
  const span = await nextSpan();
  assert.ok(span.duration[0] === 0 && span.duration[1] < 50e6, `${span.duration}`);
  collect();
  await tick();
  assert.deepEqual(takeSpans(), [], 'a stream is not abandoned as long as its iterator is held');
  await held.next();
  await held.next();
  takeSpan();
});
