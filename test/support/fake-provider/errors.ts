interface Failure {
  openai: { message: string; type: string; param: string | null; code: string | null };
  anthropic: string;
}

const FAILURES: Record<number, Failure> = {
  400: {
    openai: {
      message:
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
      type: 'invalid_request_error',
      param: 'messages',
      code: 'context_length_exceeded',
    },
    anthropic: 'invalid_request_error',
  },
  401: {
    openai: {
      message: 'Incorrect API key provided: sk-no*****. You can find your API key in your settings.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
    anthropic: 'authentication_error',
  },
  408: {
    openai: { message: 'Request timed out.', type: 'timeout', param: null, code: null },
    anthropic: 'timeout_error',
  },
  429: {
    openai: {
      message: 'Rate limit reached for requests. Please try again in 20s.',
      type: 'requests',
      param: null,
      code: 'rate_limit_exceeded',
    },
    anthropic: 'rate_limit_error',
  },
  500: {
    openai: {
      message: 'The server had an error while processing your request. Sorry about that!',
      type: 'server_error',
      param: null,
      code: null,
    },
    anthropic: 'api_error',
  },
  529: {
    openai: {
      message: 'The engine is currently overloaded.',
      type: 'overloaded_error',
      param: null,
      code: null,
    },
    anthropic: 'overloaded_error',
  },
};

/** The error body a provider of the protocol sends with the status. */
export function errorBody(protocol: 'openai' | 'anthropic', status: number): unknown {
  const failure = FAILURES[status] ?? FAILURES[500];
  if (!failure) throw new Error(`No error body for status ${status}`);
  if (protocol === 'openai') return { error: failure.openai };
  const { message } = failure.openai;
  return { type: 'error', error: { type: failure.anthropic, message }, request_id: 'req_fake' };
}
