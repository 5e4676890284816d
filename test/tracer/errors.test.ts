import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SpanStatusCode } from '@opentelemetry/api';
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

const options = { model: 'small-chat-v1', provider: 'openai' };

/** Lets a call fail with the error and tells what its span says. */
async function failWith(error: unknown) {
  const caught = await traceModelCall(options, () => Promise.reject(error)).then(
    () => assert.fail('did not reject'),
    (reason: unknown) => reason,
  );
  assert.equal(caught, error, 'the same object is thrown on');
  const { attributes, status, events } = takeSpan();
  assert.equal(status.code, SpanStatusCode.ERROR);
  assert.equal(status.message, attributes['error.type']);
  assert.deepEqual(events, []);
  return [attributes['error.type'], attributes['http.response.status_code']];
}

async function failOverHttp(path: string, status: number) {
  const call = post(provider, { model: `fake-${status}` }, { path });
  return failWith(await call.catch((error: unknown) => error));
}

test('an OpenAI error is named by its code, else its type, with its status', async () => {
  const path = '/v1/chat/completions';
  assert.deepEqual(await failOverHttp(path, 400), ['context_length_exceeded', 400]);
  assert.deepEqual(await failOverHttp(path, 401), ['invalid_api_key', 401]);
  assert.deepEqual(await failOverHttp(path, 408), ['timeout', 408]);
  assert.deepEqual(await failOverHttp(path, 429), ['rate_limit_exceeded', 429]);
  assert.deepEqual(await failOverHttp(path, 500), ['server_error', 500]);
});

test('an Anthropic error is named by the type inside its envelope', async () => {
  assert.deepEqual(await failOverHttp('/v1/messages', 401), ['authentication_error', 401]);
  assert.deepEqual(await failOverHttp('/v1/messages', 429), ['rate_limit_error', 429]);
  assert.deepEqual(await failOverHttp('/v1/messages', 529), ['overloaded_error', 529]);
});

test('errors of other clients are named from where they keep the code', async () => {
  class APICallError extends Error {
    override name = 'AI_APICallError';
    statusCode = 429;
    data = { error: { message: 'x', code: 'insufficient_quota' } };
  }
  assert.deepEqual(await failWith(new APICallError()), ['insufficient_quota', 429]);
  const retried = Object.assign(new Error('Failed after 3 attempts'), { lastError: new APICallError() });
  assert.deepEqual(await failWith(retried), ['insufficient_quota', 429]);
  const response = { status: 503, data: { error: { type: 'engine_overloaded' } } };
  assert.deepEqual(await failWith(Object.assign(new Error('axios'), { response })), [
    'engine_overloaded',
    503,
  ]);
  const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
  const aws = Object.assign(throttled, { $metadata: { httpStatusCode: 429 } });
  assert.deepEqual(await failWith(aws), ['ThrottlingException', 429]);
});

test('an error without a code is named by its class', async () => {
  class APIConnectionTimeoutError extends Error {}
  assert.deepEqual(await failWith(new APIConnectionTimeoutError('x')), [
    'APIConnectionTimeoutError',
    undefined,
  ]);
  assert.deepEqual(await failWith(new RangeError('x')), ['RangeError', undefined]);
});

test('aborted and timed out calls are named by the DOM’s names', async () => {
  const aborted = post(provider, options, { fake: { delay_ms: 500 }, signal: AbortSignal.abort() });
  assert.deepEqual(await failWith(await aborted.catch((error: unknown) => error)), ['AbortError', undefined]);
  const late = post(provider, options, { fake: { delay_ms: 500 }, signal: AbortSignal.timeout(20) });
  assert.deepEqual(await failWith(await late.catch((error: unknown) => error)), ['TimeoutError', undefined]);
});

test('a refused connection is named by the network’s code behind fetch’s TypeError', async () => {
  const gone = await startFakeProvider();
  await gone.close();
  const error = await post(gone, options).catch((reason: unknown) => reason);
  assert.ok(error instanceof TypeError);
  assert.deepEqual(await failWith(error), ['ECONNREFUSED', undefined]);
});

test('what is thrown and is no error is _OTHER', async () => {
  assert.deepEqual(await failWith('a sentence'), ['_OTHER', undefined]);
  assert.deepEqual(await failWith(undefined), ['_OTHER', undefined]);
});

test('an error thrown synchronously is thrown synchronously', () => {
  const error = new RangeError('x');
  assert.throws(
    () =>
      traceModelCall(options, () => {
        throw error;
      }),
    (thrown) => thrown === error,
  );
  assert.equal(takeSpan().attributes['error.type'], 'RangeError');
});
