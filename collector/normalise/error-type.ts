/** The canonical class of an error from what the emitters tell of it. */
import type { ERROR_TYPES } from '../../schemas/record/calls.ts';
import { remembering } from './remembered.ts';

export type ErrorType = (typeof ERROR_TYPES)[number];

export interface ReportedError {
  /** `error.type`, or the exception's class, as reported. */
  raw: string;
  message: string;
  http_status: number | null;
}

/** Spellings in order: the more telling first, since `invalid_request_error` may be a context too long. */
const SPELLINGS: readonly [RegExp, ErrorType][] = [
  [
    /context_?length|contextwindow|context_?window|string_above_max_length|prompt_?too_?long/,
    'context_length',
  ],
  [/content_?(filter|policy)|contentfilter|safety|moderation|responsibleai/, 'content_filter'],
  [/rate_?limit|resource_?exhausted|throttl|too_?many_?requests|quota/, 'rate_limit'],
  [/time_?d?_?out|deadline_?exceeded|etimedout/, 'timeout'],
  [/abort|cancel|generator_?exit/, 'cancelled'],
  [/authenti|authoriz|unauthori|permission|forbidden|api_?key|access_?denied/, 'auth'],
  [/connection|econn|socket|enotfound|eai_again|network|fetch_?failed|epipe/, 'connection'],
  [
    /overloaded|internal_?server|server_?error|service_?unavailable|bad_?gateway|^api_error$|internalerror/,
    'server_error',
  ],
  [/bad_?request|invalid|not_?found|unprocessable|conflict|validation/, 'bad_request'],
];

const MESSAGE_CONTEXT_LENGTH =
  /maximum context length|context window|prompt is too long|too many tokens|input is too long/i;
const MESSAGE_CONTENT_FILTER = /content (management|filter)|content policy|flagged as|safety system/i;

function byStatus(status: number): ErrorType | undefined {
  if (status === 429) return 'rate_limit';
  if (status === 401 || status === 403) return 'auth';
  if (status === 408 || status === 504) return 'timeout';
  if (status === 499) return 'cancelled';
  if (status >= 500 && status <= 599) return 'server_error';
  if (status >= 400 && status <= 498) return 'bad_request';
  return undefined;
}

/** `<class 'openai.RateLimitError'>` and `openai.RateLimitError` both say `ratelimiterror`. */
function bareName(raw: string): string {
  const inner = /^<class '(.+)'>$/.exec(raw)?.[1] ?? raw;
  return (inner.split('.').at(-1) ?? inner).replaceAll('-', '_').replaceAll(' ', '_').toLowerCase();
}

/** Null where the name tells nothing. */
const byName = remembering((raw): ErrorType | null => {
  if (raw === '') return null;
  if (/^\d{3}$/.test(raw)) return byStatus(Number(raw)) ?? null;
  const name = bareName(raw);
  return SPELLINGS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
});

/** What a client writes before its message: `Error code: 429 - ...`, `429 Rate limit reached`, `RateLimitError(...)`. */
const MESSAGE_STATUS = /(?:^(?:\w*error:?\s+)?|\b(?:error|status) code:? )([45]\d\d)\b/i;
const MESSAGE_CLASS = /^([A-Za-z_][\w.]*(?:Error|Exception|Timeout|Abort))\b/;
/** Said in words only, where the class says nothing. */
const MESSAGE_WORDS: readonly [RegExp, ErrorType][] = [
  [/rate limit|too many requests|exceeded your current quota/i, 'rate_limit'],
  [/api key|unauthorized|not authorized|permission denied/i, 'auth'],
  [/timed? ?out/i, 'timeout'],
  [/overloaded|internal server error|server had an error|service unavailable/i, 'server_error'],
  [/\babort|\bcancell?ed|GeneratorExit/i, 'cancelled'],
  [/connection (error|refused|reset)|econn|fetch failed|socket hang up/i, 'connection'],
];

function byMessage(message: string): ErrorType | undefined {
  const status = MESSAGE_STATUS.exec(message)?.[1];
  const found =
    status === undefined ? byName(MESSAGE_CLASS.exec(message)?.[1] ?? '') : byStatus(Number(status));
  return found ?? MESSAGE_WORDS.find(([words]) => words.test(message))?.[1];
}

/** The name as reported is asked first, then the HTTP status, then the message: it also tells apart what both call a bad request. */
export function canonicalErrorType({ raw, message, http_status }: ReportedError): ErrorType {
  const found =
    byName(raw) ?? (http_status === null ? undefined : byStatus(http_status)) ?? byMessage(message);
  if (found === undefined || found === 'bad_request') {
    if (MESSAGE_CONTEXT_LENGTH.test(message)) return 'context_length';
    if (MESSAGE_CONTENT_FILTER.test(message)) return 'content_filter';
  }
  return found ?? '_OTHER';
}
