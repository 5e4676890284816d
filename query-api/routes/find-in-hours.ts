/** Calls that a trace or a hash narrows down to a few hours: only those are asked about, and read. */
import { microsecondsOf, type ShownCall } from '../../schemas/queries/call-columns.ts';
import {
  type CallPlace,
  type CallSearch,
  hoursSearchStatement,
  storedSearchStatement,
} from '../../schemas/queries/call-search.ts';
import type { LookupStart } from '../../schemas/queries/hours-counting.ts';
import type { StoredCall } from '../../schemas/queries/one-call.ts';
import type { Ask } from './context.ts';
import { keyOf, repeatsOf, shownOf, struckAmong, textOf } from './counted-spans.ts';

const HOUR_MS = 3_600_000;
/** So many hours of those that may hold what is looked for are searched at once, newest first. */
const HOURS_AT_ONCE = [24, 240];
const HOURS_LATER = 2_000;

export const placeOf = ({ started_at, trace_id, span_id }: ShownCall): CallPlace => ({
  started_us: microsecondsOf(started_at),
  trace_id,
  span_id,
});

/**
 * What is stored, less its repeats, which are looked up by the few keys that were found. Undefined if there may be some
 * that nobody has looked for.
 */
async function findStored(
  search: CallSearch,
  hours: readonly number[],
  { counting }: LookupStart,
  ask: Ask,
): Promise<ShownCall[] | undefined> {
  const found: ShownCall[] = [];
  const scope = { ...search.scope, counting };
  for (let rest = search; ; ) {
    const stored = await ask<StoredCall>(storedSearchStatement({ ...rest, scope }, hours));
    if (stored.length === 0) return found;
    const struck = struckAmong(stored, await repeatsOf(stored.map(keyOf), scope, ask), counting);
    if (struck === undefined) return undefined;
    found.push(...stored.map(shownOf).filter((call) => !struck.has(textOf(keyOf(call)))));
    if (stored.length < rest.limit || found.length === search.limit) return found;
    rest = { ...search, after: placeOf(stored.at(-1)!), limit: search.limit - found.length };
  }
}

/** Newest first, as many as the search wants. Rejects with WarehouseError. */
export async function findInHours(search: CallSearch, start: LookupStart, ask: Ask): Promise<ShownCall[]> {
  const found: ShownCall[] = [];
  const { hours } = start;
  for (let at = 0, step = 0; at < hours.length && found.length < search.limit; step++) {
    const some = hours.slice(at, at + (HOURS_AT_ONCE[step] ?? HOURS_LATER));
    at += some.length;
    const rest = { ...search, limit: search.limit - found.length };
    // Repeats in hours that are over are known as a rule.
    const isOver = (some[0]! + 2) * HOUR_MS <= search.scope.now_ms;
    const known = isOver ? await findStored(rest, some, start, ask) : undefined;
    found.push(
      ...(known ??
        (await ask.counted(
          search.scope,
          (counting) =>
            ask<ShownCall>(hoursSearchStatement({ ...rest, scope: { ...search.scope, counting } }, some)),
          some,
        ))),
    );
  }
  return found;
}
