import { count, type Fields, fields } from './values.ts';

// Short and without spaces: a code or a class, never a sentence that might quote a prompt.
const LOW_CARDINALITY = /^[\w.:/-]{1,80}$/;

/** The provider's error code when the error carries one, else the exception's class, else `_OTHER`. */
export function errorType(error: unknown): string {
  const thrown = fields(error);
  if (!thrown) return '_OTHER';
  // The AI SDK wraps the failure of the last attempt.
  if (thrown.lastError) return errorType(thrown.lastError);
  return providerCode(thrown) ?? label(thrown.code) ?? networkCode(thrown) ?? className(thrown) ?? '_OTHER';
}

/** The HTTP status an error carries; undefined when it has none. */
export function errorStatus(error: unknown): number | undefined {
  const thrown = fields(error);
  if (!thrown) return undefined;
  if (thrown.lastError) return errorStatus(thrown.lastError);
  return (
    httpStatus(thrown.status) ??
    httpStatus(thrown.statusCode) ??
    httpStatus(fields(thrown.response)?.status) ??
    httpStatus(fields(thrown.$metadata)?.httpStatusCode)
  );
}

/** A status code of HTTP, given as a number or as digits. */
export function httpStatus(value: unknown): number | undefined {
  const status = count(value);
  return status !== undefined && status >= 100 && status <= 599 ? status : undefined;
}

/** The value if it may stand as an error type. */
export function label(value: unknown): string | undefined {
  return typeof value === 'string' && LOW_CARDINALITY.test(value) ? value : undefined;
}

// fetch says no more than `TypeError: fetch failed`; a cause of it knows ECONNREFUSED or UND_ERR_*.
const SAYS_NOTHING = /^(Type|OpenAI|Anthropic)?Error$/;

function providerCode(thrown: Fields): string | undefined {
  // Where clients put the body's error: OpenAI, Anthropic (with its envelope), AI SDK, axios.
  const bodies = [thrown.error, thrown.data, fields(thrown.response)?.data].map(fields);
  for (const body of bodies) {
    const inner = fields(body?.error) ?? body;
    const code = label(inner?.code) ?? label(inner?.type);
    if (code && code !== 'error') return code;
  }
  // An API error without a body may still hold the code; other classes use `type` for other things.
  return errorStatus(thrown) === undefined ? undefined : (label(thrown.code) ?? label(thrown.type));
}

function networkCode(thrown: Fields): string | undefined {
  if (!SAYS_NOTHING.test(className(thrown) ?? '')) return undefined;
  const cause = fields(thrown.cause);
  return cause && (label(cause.code) ?? networkCode(cause));
}

function className(thrown: Fields): string | undefined {
  const name = label(thrown.name);
  return name && name !== 'Error' ? name : label(thrown.constructor?.name);
}
