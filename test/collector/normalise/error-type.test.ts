import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalErrorType } from '../../../collector/normalise/error-type.ts';
import { ERROR_TYPES } from '../../../schemas/record/calls.ts';

const cases: [raw: string, http_status: number | null, message: string, expected: string][] = [
  ['RateLimitError', 429, '', 'rate_limit'],
  ['openai.RateLimitError', null, '', 'rate_limit'],
  ["<class 'openai.RateLimitError'>", null, '', 'rate_limit'],
  ['429', null, '', 'rate_limit'],
  ['rate_limit_exceeded', 429, '', 'rate_limit'],
  ['insufficient_quota', 429, '', 'rate_limit'],
  ['RESOURCE_EXHAUSTED', null, '', 'rate_limit'],
  ['ThrottlingException', 400, '', 'rate_limit'],
  ['APITimeoutError', null, '', 'timeout'],
  ['APIConnectionTimeoutError', null, '', 'timeout'],
  ['TimeoutError', null, '', 'timeout'],
  ['ETIMEDOUT', null, '', 'timeout'],
  ['', 408, '', 'timeout'],
  ['', 504, '', 'timeout'],
  ['context_length_exceeded', 400, '', 'context_length'],
  ['BadRequestError', 400, "This model's maximum context length is 8192 tokens", 'context_length'],
  ['invalid_request_error', 400, 'prompt is too long: 210000 tokens > 200000 maximum', 'context_length'],
  ['content_filter', 400, '', 'content_filter'],
  ['content_policy_violation', 400, '', 'content_filter'],
  ['AuthenticationError', 401, '', 'auth'],
  ['PermissionDeniedError', 403, '', 'auth'],
  ['invalid_api_key', 401, '', 'auth'],
  ['', 401, '', 'auth'],
  ['BadRequestError', 400, 'Missing field', 'bad_request'],
  ['NotFoundError', 404, '', 'bad_request'],
  ['', 422, '', 'bad_request'],
  ['InternalServerError', 500, '', 'server_error'],
  ['overloaded_error', 529, '', 'server_error'],
  ['', 503, '', 'server_error'],
  ['APIConnectionError', null, '', 'connection'],
  ['ECONNRESET', null, '', 'connection'],
  ['AbortError', null, '', 'cancelled'],
  ['APIUserAbortError', null, '', 'cancelled'],
  ['CancelledError', null, '', 'cancelled'],
  ['TypeError', null, 'x is not a function', '_OTHER'],
  ['', null, '', '_OTHER'],
];

for (const [raw, http_status, message, expected] of cases) {
  test(`'${raw}' with status ${http_status}${message && ` and «${message}»`} is ${expected}`, () => {
    assert.equal(canonicalErrorType({ raw, http_status, message }), expected);
  });
}

test('whatever is reported, the class is one of the canonical ones', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.option(fc.integer({ min: 100, max: 599 }), { nil: null }),
      (raw, message, status) => {
        assert.ok(ERROR_TYPES.includes(canonicalErrorType({ raw, message, http_status: status })));
      },
    ),
  );
});
