/** What a failed insert says about the messages in it, told by ClickHouse's code, never by its text. */
import { PermanentError, WarehouseError } from '../schemas/seams.ts';

/**
 * `unreadable`: the server read the body and could make no sense of it, so one of its messages is broken.
 * `unclear`: the server, its disk, its memory or the way to it may be at fault; or a message after all, since broken
 * bytes can ask for 64 TiB of memory (241, seen) or trip an assertion (49, seen).
 */
export type Failure = 'unreadable' | 'unclear';

/** Those marked * were answered to broken blocks by ClickHouse 26.7; the others say the same of a value or a column. */
const UNREADABLE_CODES: ReadonlySet<number> = new Set([
  6, // * CANNOT_PARSE_TEXT
  9, // SIZES_OF_COLUMNS_DOESNT_MATCH
  10, // NOT_FOUND_COLUMN_IN_BLOCK
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  32, // * ATTEMPT_TO_READ_AFTER_EOF
  33, // * CANNOT_READ_ALL_DATA
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  43, // * ILLEGAL_TYPE_OF_ARGUMENT: a column that cannot be converted to the table's
  50, // * UNKNOWN_TYPE
  53, // TYPE_MISMATCH
  62, // * SYNTAX_ERROR: bytes that stand where the name of a type should
  69, // * ARGUMENT_OUT_OF_BOUND
  70, // * CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // * INCORRECT_DATA
  128, // * TOO_LARGE_ARRAY_SIZE: also a row or column count beyond reason
  131, // * TOO_LARGE_STRING_SIZE
  190, // SIZES_OF_ARRAYS_DONT_MATCH
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  407, // * DECIMAL_OVERFLOW
  561, // * ZSTD_DECODER_FAILED
  691, // UNKNOWN_ELEMENT_OF_ENUM
]);

export function classify(error: unknown): Failure {
  if (error instanceof PermanentError) return 'unreadable';
  const code = codeOf(error);
  return code !== undefined && UNREADABLE_CODES.has(code) ? 'unreadable' : 'unclear';
}

export function codeOf(error: unknown): number | undefined {
  return error instanceof WarehouseError ? error.code : undefined;
}
