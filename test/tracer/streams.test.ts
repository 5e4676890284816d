import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { traceModelCall } from '../../tracer/index.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { type Fake, openStream } from './support/client.ts';
import { durationMs, type EndedSpan, recordSpans, takeSpan, takeSpans } from './support/recorded-spans.ts';

let provider: FakeProvider;
before(async () => {
  recordSpans();
  provider = await startFakeProvider();
});
after(() => provider.close());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const options = { model: 'small-chat-v1', provider: 'openai' };
const TEXT = 'Paris is the capital of France.';

const ttft = (span: EndedSpan) => Number(span.attributes['gen_ai.response.time_to_first_chunk']);

function chat(fake: Fake = {}, include_usage = true) {
  const body = { model: 'small-chat-v1', stream_options: { include_usage } };
  return traceModelCall(options, () => openStream(provider, body, { fake }));
}

test('chunks come through in order, and the span ends with the last one, with the usage it brought', async () => {
  const usage = { input_tokens: 30, output_tokens: 9, cache_read_tokens: 20, reasoning_tokens: 1 };
  const stream = await chat({ usage, chunk_delay_ms: 25, chunks: 4 });
  assert.deepEqual(takeSpans(), [], 'an answer that streams has not ended');
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  assert.equal(text, TEXT);
  const span = takeSpan();
  assert.equal(span.attributes['gen_ai.request.stream'], true);
  assert.equal(span.attributes['gen_ai.usage.input_tokens'], 30);
  assert.equal(span.attributes['gen_ai.usage.output_tokens'], 9);
  assert.equal(span.attributes['gen_ai.usage.cache_read.input_tokens'], 20);
  assert.equal(span.attributes['gen_ai.usage.reasoning.output_tokens'], 1);
  assert.deepEqual(span.attributes['gen_ai.response.finish_reasons'], ['stop']);
  assert.equal(span.attributes['plumbline.response.hash'], sha256(TEXT));
  assert.ok(durationMs(span) >= 95, `${durationMs(span)} ms`);
  assert.ok(ttft(span) >= 0.024 && ttft(span) < durationMs(span) / 1000 - 0.05, `${ttft(span)} s`);
});

test('the first token is the first content: the role that opens a stream is none', async () => {
  const stream = await chat({ chunks: 1, chunk_delay_ms: 60 });
  for await (const _ of stream);
  assert.ok(ttft(takeSpan()) >= 0.059);
});

test('without a usage chunk there are no counts', async () => {
  for await (const _ of await chat({}, false));
  const { attributes } = takeSpan();
  assert.deepEqual(
    Object.keys(attributes).filter((name) => name.startsWith('gen_ai.usage')),
    [],
  );
  assert.equal(attributes['plumbline.response.hash'], sha256(TEXT));
});

test('an Anthropic stream has its usage from two events, the cached tokens added', async () => {
  const usage = { input_tokens: 30, output_tokens: 9, cache_read_tokens: 20, cache_write_tokens: 4 };
  const open = () => openStream(provider, { model: 'm' }, { path: '/v1/messages', fake: { usage } });
  for await (const _ of await traceModelCall({ model: 'm', provider: 'anthropic' }, open));
  const { attributes } = takeSpan();
  assert.equal(attributes['gen_ai.usage.input_tokens'], 30);
  assert.equal(attributes['gen_ai.usage.output_tokens'], 9);
  assert.equal(attributes['gen_ai.usage.cache_write.input_tokens'], 4);
  assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['end_turn']);
  assert.equal(attributes['plumbline.response.hash'], sha256(TEXT));
});

test('an aborted Anthropic stream has not said what it cost, and has no counts', async () => {
  const open = () =>
    openStream(provider, { model: 'm' }, { path: '/v1/messages', fake: { chunk_delay_ms: 10 } });
  const stream = await traceModelCall({ model: 'm', provider: 'anthropic' }, open);
  for await (const event of stream) if (event.type === 'content_block_delta') stream.controller.abort();
  const { attributes } = takeSpan();
  assert.equal(attributes['error.type'], 'AbortError');
  assert.equal('gen_ai.usage.input_tokens' in attributes, false);
  assert.equal('gen_ai.usage.output_tokens' in attributes, false);
});

test('a loop that breaks off ends the span there, without an error', async () => {
  for await (const chunk of await chat({ chunk_delay_ms: 10 })) if (chunk.choices[0]?.delta.content) break;
  const span = takeSpan();
  assert.equal('error.type' in span.attributes, false);
  assert.equal(span.attributes['plumbline.response.hash'], sha256(TEXT.slice(0, 8)));
});

test('a loop whose body throws ends the span there, and the error is the loop’s own', async () => {
  const error = new Error('mine');
  const loop = async () => {
    for await (const _ of await chat()) throw error;
  };
  await assert.rejects(loop, (thrown) => thrown === error);
  assert.equal('error.type' in takeSpan().attributes, false);
});

test('an abort ends the span as AbortError though the client ends the stream in peace', async () => {
  const stream = await chat({ chunk_delay_ms: 20 });
  setTimeout(() => stream.controller.abort(), 50);
  for await (const _ of stream);
  assert.equal(takeSpan().attributes['error.type'], 'AbortError');
});

test('a connection that breaks in the middle fails the loop and the span with the same cause', async () => {
  const stream = await chat({ cut_after: 2, chunk_delay_ms: 5 });
  const loop = async () => {
    for await (const _ of stream);
  };
  await assert.rejects(loop, TypeError);
  const { attributes } = takeSpan();
  assert.equal(attributes['error.type'], 'UND_ERR_SOCKET');
  assert.equal(attributes['plumbline.response.hash'], sha256(TEXT.slice(0, 16)));
});

test('the stream stays the same object, and what else it can do goes on working and ends the span', async () => {
  const original = await openStream(provider, { model: 'm' });
  const stream = traceModelCall(options, () => original);
  assert.equal(stream, original);
  const [left, right] = stream.tee();
  const seen = [0, 0];
  for await (const _ of left) seen[0] = (seen[0] ?? 0) + 1;
  for await (const _ of right) seen[1] = (seen[1] ?? 0) + 1;
  assert.deepEqual(seen, [6, 6]);
  assert.equal(takeSpan().attributes['plumbline.response.hash'], sha256(TEXT));

  const readable = (await chat()).toReadableStream();
  let text = '';
  for await (const chunk of readable) text += JSON.parse(chunk).choices[0]?.delta.content ?? '';
  assert.equal(text, TEXT);
  assert.equal(takeSpan().attributes['plumbline.response.hash'], sha256(TEXT));
  assert.equal((await chat()).opened, 0, 'private fields can be read');
});

test('a generator of the caller’s own is followed, strings being its text', async () => {
  async function* words() {
    yield 'one ';
    yield 'two';
    return 'returned';
  }
  const generator = traceModelCall(options, (call) => {
    call.record({ input_tokens: 3 });
    return words();
  });
  assert.deepEqual(await generator.next(), { value: 'one ', done: false });
  assert.deepEqual(await generator.next(), { value: 'two', done: false });
  assert.deepEqual(takeSpans(), []);
  assert.deepEqual(await generator.next(), { value: 'returned', done: true });
  const { attributes } = takeSpan();
  assert.equal(attributes['gen_ai.usage.input_tokens'], 3);
  assert.equal(attributes['plumbline.response.hash'], sha256('one two'));
});

test('events of the Responses API are read, and a failed response is an error', async () => {
  async function* events(type: string, response: object) {
    yield { type: 'response.created', response: { id: 'resp_1', model: 'm2' } };
    yield { type: 'response.output_text.delta', delta: 'hello' };
    yield { type, response: { id: 'resp_1', model: 'm2', ...response } };
  }
  const usage = { input_tokens: 4, output_tokens: 2 };
  const done = events('response.completed', { status: 'completed', output: [], usage });
  for await (const _ of traceModelCall(options, () => done));
  const { attributes } = takeSpan();
  assert.equal(attributes['gen_ai.usage.input_tokens'], 4);
  assert.equal(attributes['plumbline.response.hash'], sha256('hello'));
  const broken = events('response.failed', { status: 'failed', error: { code: 'server_error' } });
  for await (const _ of traceModelCall(options, () => broken));
  assert.equal(takeSpan().attributes['error.type'], 'server_error');
});

test('a frozen stream cannot be followed: it comes back as it is, and the span ends at once', () => {
  const frozen = Object.freeze({ async *[Symbol.asyncIterator]() {} });
  assert.equal(
    traceModelCall(options, () => frozen),
    frozen,
  );
  takeSpan();
});
