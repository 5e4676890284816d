/** Every error of the API: RFC 9457 `application/problem+json` with a stable type. */

/** Title, status and meaning by type; `type` in an answer is `/problems/<name>`. */
export const problems = {
  'unknown-parameter': {
    status: 400,
    title: 'Unknown parameter',
    meaning: 'The route has no such parameter; a misspelt filter would otherwise be ignored in silence.',
  },
  'invalid-parameter': {
    status: 400,
    title: 'Value not allowed',
    meaning: 'The parameter does not take this value.',
  },
  'repeated-parameter': {
    status: 400,
    title: 'Parameter given twice',
    meaning: 'The parameter takes one value; only filters and lists may be repeated.',
  },
  'invalid-time': { status: 400, title: 'Not a time', meaning: 'The text of `from` or `to` is not a time.' },
  'empty-range': {
    status: 400,
    title: 'Empty time range',
    meaning: '`from` is not before `to`, so no call can lie between them.',
  },
  'bad-request': {
    status: 400,
    title: 'Bad request',
    meaning: 'The request is not well-formed HTTP or JSON.',
  },
  'invalid-body': {
    status: 400,
    title: 'Body not allowed',
    meaning:
      'A field of the body is missing or has another value than it may; `parameter` says where. Nothing was stored.',
  },
  'missing-key': { status: 401, title: 'Key needed', meaning: 'The route needs a key and none came.' },
  'unknown-key': { status: 401, title: 'Unknown key', meaning: 'The key is not known, or was revoked.' },
  'wrong-key': {
    status: 403,
    title: 'Wrong kind of key',
    meaning: 'The key is of the other kind: read keys read, ingest keys write.',
  },
  'not-found': { status: 404, title: 'No such route', meaning: 'Nothing is served at this path.' },
  'no-such-call': {
    status: 404,
    title: 'No such call',
    meaning: 'The project has no call or trace of this id: never stored, expired, or its user was erased.',
  },
  'no-such-snapshot': {
    status: 404,
    title: 'No such snapshot',
    meaning: 'The project has no snapshot of this name.',
  },
  'name-taken': {
    status: 409,
    title: 'Name taken',
    meaning: 'There is a snapshot of this name already; snapshots stay as they are.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, but not with this method.',
  },
  'body-too-large': {
    status: 413,
    title: 'Body too large',
    meaning: 'The body has more bytes than the route takes; send it in parts. Nothing was stored.',
  },
  'headers-too-large': {
    status: 431,
    title: 'Headers too large',
    meaning: 'The headers, which the path and its query count with, have more bytes than are taken.',
  },
  'request-timeout': {
    status: 408,
    title: 'Request took too long',
    meaning: 'The request did not arrive in time.',
  },
  'query-too-large': {
    status: 422,
    title: 'Query too large',
    meaning: 'Answering would read more rows or take more memory than a query may.',
  },
  'query-timeout': {
    status: 503,
    title: 'Query took too long',
    meaning: 'The database gave up on the query; a narrower one will do, or the same one later.',
  },
  unavailable: {
    status: 503,
    title: 'Database not available',
    meaning: 'The database cannot be reached or is not ready; try again after `Retry-After` seconds.',
  },
  'not-writing': {
    status: 503,
    title: 'Nothing can be stored here',
    meaning:
      'This query API has no user that may write (CLICKHOUSE_API_USER or CLICKHOUSE_USER): it answers queries only.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    meaning: 'A fault of this service; its log has the cause.',
  },
} as const;

export type ProblemType = keyof typeof problems;

export interface ProblemDetails {
  /** What is wrong with this request and what to do about it, in a sentence. */
  detail: string;
  /** The query parameter at fault, or the place in the body. */
  parameter?: string;
  received?: string;
  allowed?: readonly string[];
  nearest?: string | undefined;
  /** Sent as `Retry-After`. */
  retry_after_s?: number;
  /** Other headers of the answer. */
  headers?: Readonly<Record<string, string>>;
}

/** Thrown anywhere in a request; the error handler makes the answer of it. */
export class Problem extends Error {
  override name = 'Problem';
  readonly type: ProblemType;
  readonly details: ProblemDetails;
  constructor(type: ProblemType, details: ProblemDetails, options?: { cause?: unknown }) {
    super(details.detail, options);
    this.type = type;
    this.details = details;
  }
}

/** What a problem echoes of a request, at most. */
const ECHO_LENGTH = 200;

/** The body of the answer. */
export function problemBody({ type, details }: Problem): Record<string, unknown> {
  const { title, status } = problems[type];
  const { detail, parameter, received, allowed, nearest } = details;
  return {
    type: `/problems/${type}`,
    title,
    status,
    detail,
    ...(parameter === undefined ? {} : { parameter: parameter.slice(0, ECHO_LENGTH) }),
    ...(received === undefined ? {} : { received: received.slice(0, ECHO_LENGTH) }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(nearest === undefined ? {} : { nearest }),
  };
}
