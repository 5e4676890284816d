/** Calls that a trace or a hash narrows down to a few hours: only those are asked about, and read. */
import { microsecondsOf, type ShownCall } from '../../schemas/queries/call-columns.ts';
import {
  type CallPlace,
  type CallSearch,
  hoursSearchStatement,
  storedSearchStatement,
} from '../../schemas/queries/call-search.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import type { LookupStart } from '../../schemas/queries/hours-counting.ts';
import type { StoredCall } from '../../schemas/queries/one-call.ts';
import { MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import type { Ask } from './context.ts';
import { keyOf, repeatsOf, shownOf, struckAmong, textOf } from './counted-spans.ts';

/** So many hours of those that may hold what is looked for are searched at once, newest first. */
const HOURS_AT_ONCE = [24, 240];
const HOURS_LATER = 2_000;

export const placeOf = ({ started_at, trace_id, span_id }: ShownCall): CallPlace => ({
  started_us: microsecondsOf(started_at),
  trace_id,
  span_id,
});

/** Told of calls as they are found, while repeats among them are looked up. */
export type Beside = (calls: readonly ShownCall[]) => Promise<void>;

/** So many more are read than are wanted: a few of them are repeats as a rule. */
const spare = (limit: number): number => 10 + Math.ceil(limit / 10);

/**
 * What is stored in these hours, less its repeats, which are looked up by the few keys that were found. Undefined if
 * there may be some that nobody has looked for.
 */
export async function findStored(
  search: CallSearch,
  hours: readonly number[],
  counting: Counting,
  ask: Ask,
  beside: Beside,
): Promise<ShownCall[] | undefined> {
  const found: ShownCall[] = [];
  const scope = { ...search.scope, counting };
  for (let after = search.after; ; ) {
    const wanted = search.limit - found.length;
    const limit = wanted + spare(wanted);
    const rest = { ...search, ...(after === undefined ? {} : { after }), scope, limit };
    const stored = await ask<StoredCall>(storedSearchStatement(rest, hours));
    if (stored.length === 0) return found;
    const calls = stored.map(shownOf);
    const [repeats] = await Promise.all([repeatsOf(stored.map(keyOf), scope, ask), beside(calls)]);
    const struck = struckAmong(stored, repeats, counting);
    if (struck === undefined) return undefined;
    found.push(...calls.filter((call) => !struck.has(textOf(keyOf(call)))).slice(0, wanted));
    if (stored.length < limit || found.length === search.limit) return found;
    // Of pages full of repeats the database leaves them out at less cost.
    if (after !== search.after) return undefined;
    after = placeOf(stored.at(-1)!);
  }
}

/** Newest first, as many as the search wants. Rejects with WarehouseError. */
export async function findInHours(
  search: CallSearch,
  { hours, counting }: LookupStart,
  ask: Ask,
  beside: Beside,
): Promise<ShownCall[]> {
  const found: ShownCall[] = [];
  for (let at = 0, step = 0; at < hours.length && found.length < search.limit; step++) {
    const some = hours.slice(at, at + (HOURS_AT_ONCE[step] ?? HOURS_LATER));
    at += some.length;
    const rest = { ...search, limit: search.limit - found.length };
    const inSome = async (known: Counting): Promise<ShownCall[]> => {
      const calls = await ask<ShownCall>(
        hoursSearchStatement({ ...rest, scope: { ...search.scope, counting: known } }, some),
      );
      await beside(calls);
      return calls;
    };
    // Repeats in hours that are over are known as a rule.
    const isOver = (some[0]! + 2) * MS_PER_HOUR <= search.scope.now_ms;
    const stored = isOver ? await findStored(rest, some, counting, ask, beside) : undefined;
    found.push(...(stored ?? (await ask.counted(search.scope, inSome, some))));
  }
  return found;
}
