/** Whatever it is given, the tracer throws nothing of its own and changes nothing that the caller sees. */
import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { recordModelCall, score, traced, traceModelCall, withCallContext } from '../../tracer/index.ts';
import { recordSpans, takeSpans } from './support/recorded-spans.ts';

before(recordSpans);
beforeEach(() => void takeSpans());

const options = { model: 'm', provider: 'openai' };
const hostile = () =>
  new Proxy(
    {},
    {
      get() {
        throw new Error('get');
      },
      has() {
        throw new Error('has');
      },
      getPrototypeOf() {
        throw new Error('getPrototypeOf');
      },
    },
  );

test('any answer comes back as it is, and every call ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.anything({ withNullPrototype: true }), async (answer) => {
      assert.equal(
        traceModelCall(options, () => answer),
        answer,
      );
      assert.equal(
        await traceModelCall(options, async () => ({ answer })).then((given) => given.answer),
        answer,
      );
      assert.equal(takeSpans().length, 2);
    }),
    { numRuns: 200 },
  );
});

test('answers of known shapes with odd insides harm nobody', () => {
  const odd = fc.oneof(fc.anything(), fc.constant(null), fc.string(), fc.double());
  const answer = fc.record(
    {
      id: odd,
      object: fc.constantFrom('response', 'chat.completion', 'list'),
      type: fc.constantFrom('message', 'x'),
      choices: fc.oneof(odd, fc.array(odd)),
      content: fc.oneof(odd, fc.array(odd)),
      output: fc.oneof(odd, fc.array(odd)),
      usage: fc.oneof(odd, fc.dictionary(fc.constantFrom('prompt_tokens', 'input_tokens'), odd)),
      finishReason: odd,
      data: fc.oneof(odd, fc.array(odd)),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(answer, odd, (given, input) => {
      assert.equal(
        traceModelCall({ ...options, input }, () => given),
        given,
      );
      assert.equal(takeSpans().length, 1);
    }),
    { numRuns: 300 },
  );
});

test('objects that throw at every touch pass through', () => {
  const answer = hostile();
  assert.equal(
    traceModelCall(options, () => answer),
    answer,
  );
  assert.equal(takeSpans().length, 1);
  assert.equal(traced(answer), answer);
  assert.equal(score(answer, 'x', 1), false);
  recordModelCall(hostile() as never);
  assert.equal(
    withCallContext(hostile() as never, () => 1),
    1,
  );
  assert.equal(
    traceModelCall(hostile() as never, () => 1),
    1,
  );
  assert.throws(
    () =>
      traceModelCall(options, () => {
        throw answer;
      }),
    (thrown) => thrown === answer,
  );
});

test('a frozen client and frozen promises and streams work as they would have', async () => {
  const completions = Object.freeze({ create: async () => ({ choices: [] }) });
  const client = Object.freeze({ chat: Object.freeze({ completions }) });
  assert.equal(traced(client), client);
  assert.deepEqual(await client.chat.completions.create(), { choices: [] });
  const promise = Object.freeze(Promise.resolve(7));
  assert.equal(await traceModelCall(options, () => promise), 7);
  const stream = Object.freeze(ReadableStream.from(['a']));
  assert.deepEqual(await Array.fromAsync(traceModelCall(options, () => stream)), ['a']);
});

test('what is no client is said once and comes back', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const thing = { name: 'thing' };
  assert.equal(traced(thing), thing);
  assert.match((await warned).message, /no client that it knows/);
});
