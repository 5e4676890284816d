/** What a refusal of the database means for who asked. Decided by code, never by message. */
import { WarehouseError } from '../schemas/seams.ts';
import { Problem } from './problems.ts';

/** Too many rows or bytes to read, to group, in a set or a result; not enough memory. */
const TOO_LARGE = new Set([158, 191, 241, 307, 396]);
/** Time limit exceeded, estimated to be exceeded, or the socket's. */
const TOO_SLOW = new Set([159, 160, 209]);
/** Busy, refusing the user or a setting, without the database or its tables yet, read-only for now. */
const NOT_READY = new Set([60, 81, 164, 192, 193, 194, 202, 210, 242, 439, 497, 516]);

const NARROWER =
  'shorten the time between `from` and `to`, add filters, group by fewer dimensions or ask for fewer percentiles';

/** The problem that a failed query is, or undefined when the fault is ours. */
export function problemOfWarehouse(error: unknown): Problem | undefined {
  if (!(error instanceof WarehouseError)) return undefined;
  const { code } = error;
  const cause = { cause: error };
  if (code === undefined) {
    return new Problem(
      'unavailable',
      { detail: 'The database does not answer. Try again shortly.', retry_after_s: 5 },
      cause,
    );
  }
  if (TOO_LARGE.has(code)) {
    return new Problem('query-too-large', { detail: `The query is too large: ${NARROWER}.` }, cause);
  }
  if (TOO_SLOW.has(code)) {
    return new Problem(
      'query-timeout',
      { detail: `The query took too long: ${NARROWER}.`, retry_after_s: 30 },
      cause,
    );
  }
  if (NOT_READY.has(code)) {
    return new Problem(
      'unavailable',
      { detail: `The database is not ready for queries (its code ${code}).`, retry_after_s: 10 },
      cause,
    );
  }
  return undefined;
}
