/** Whether a call failed, and how: from `error.type`, the exception event, the status and the HTTP status. */
import type { CallRow } from '../../schemas/record/calls.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Attributes, Span } from '../otlp/span.ts';
import { position } from './compile.ts';
import { cutText, type Redact } from './content.ts';
import { canonicalErrorType } from './error-type.ts';
import type { Gathered } from './gather.ts';
import { asCount, asText } from './values.ts';

export type ErrorFields = Pick<
  CallRow,
  'status' | 'error_type' | 'error_type_raw' | 'http_status' | 'error_message'
>;

const MESSAGE_MAX_CHARS = 1_024;
const RAW_MAX_CHARS = 256;
const STATUS_ERROR = 2;

function eventText(attributes: Attributes, key: string): string {
  const at = attributes.keys.indexOf(key);
  return at < 0 ? '' : asText(attributes.values[at]!);
}

const FAILED_LEVEL = /^(error|fatal|critical)$/i;

/** An exception event alone is no error, unless the dialect says so: the caller may have recovered. */
export function errorFields(span: Span, fields: Gathered, dialect: Dialect, redact: Redact): ErrorFields {
  const reportedType = asText(fields.get(position.error_type));
  const level = asText(fields.get(position.error_level));
  const code = asCount(fields.get(position.http_status));
  const http_status = code !== null && code >= 100 && code <= 599 ? code : null;
  const exception = span.events.findLast((event) => event.name === 'exception')?.attributes;
  const failed =
    span.status_code === STATUS_ERROR ||
    reportedType !== '' ||
    (http_status !== null && http_status >= 400) ||
    (level !== '' && FAILED_LEVEL.test(level)) ||
    (dialect.exception_fails === true && exception !== undefined);
  if (!failed) return { status: 'ok', error_type: '', error_type_raw: '', http_status, error_message: '' };

  const raw = reportedType || (exception ? eventText(exception, 'exception.type') : '');
  const message =
    (exception && eventText(exception, 'exception.message')) ||
    span.status_message ||
    asText(fields.get(position.error_message));
  const bounded = cutText(message, 4 * MESSAGE_MAX_CHARS).text;
  return {
    status: 'error',
    error_type: canonicalErrorType({ raw, message: bounded, http_status }),
    error_type_raw: cutText(redact(cutText(raw, 4 * RAW_MAX_CHARS).text), RAW_MAX_CHARS).text,
    http_status,
    error_message: cutText(redact(bounded), MESSAGE_MAX_CHARS).text,
  };
}
