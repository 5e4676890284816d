/** The one place where a failure becomes an HTTP status: permanent faults are 4xx, everything else is 503 and comes again. */
import { PermanentError, UnavailableError } from '../../schemas/seams.ts';
import { MalformedBodyError } from '../otlp/span.ts';
import { BodyTooLargeError, KeyError, UnsupportedEncodingError, UnsupportedTypeError } from './errors.ts';

/** google.rpc.Code: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

export interface Failure {
  status: 400 | 401 | 403 | 404 | 413 | 415 | 503;
  /** google.rpc.Code */
  code: number;
  message: string;
  retry_after_s?: number;
}

const ZLIB_CODE = /^(Z_|ERR_ZSTD|ZSTD_|ERR_ZLIB)/;

/** Never 500 or 429: older exporters drop the data of those. */
export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof KeyError) {
    return {
      status: error.status,
      code: error.status === 401 ? UNAUTHENTICATED : PERMISSION_DENIED,
      message,
    };
  }
  if (error instanceof BodyTooLargeError) return { status: 413, code: RESOURCE_EXHAUSTED, message };
  if (error instanceof UnsupportedTypeError || error instanceof UnsupportedEncodingError) {
    return { status: 415, code: INVALID_ARGUMENT, message };
  }
  if (error instanceof MalformedBodyError || error instanceof PermanentError) {
    return { status: 400, code: INVALID_ARGUMENT, message };
  }
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && ZLIB_CODE.test(code)) {
    return { status: 400, code: INVALID_ARGUMENT, message: `The body cannot be decompressed: ${message}.` };
  }
  if (error instanceof UnavailableError) {
    return { status: 503, code: UNAVAILABLE, message, retry_after_s: error.retry_after_s };
  }
  // The reason may name hosts and tables: it goes to the log, not to the sender.
  return {
    status: 503,
    code: UNAVAILABLE,
    message: 'The spans could not be stored now; send them again.',
    retry_after_s: 1,
  };
}
