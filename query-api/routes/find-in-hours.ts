/** Calls that a trace or a hash narrows down to a few hours: only those are asked about, and read. */
import type { ListedCall } from '../../schemas/queries/call-columns.ts';
import { type CallSearch, hoursSearchStatement } from '../../schemas/queries/call-search.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import { MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import type { Ask } from './context.ts';
import { type Beside, findStored } from './find-stored.ts';
import type { LookupStart } from './start-lookup.ts';

/** So many hours of those that may hold what is looked for are searched at once, newest first. */
const HOURS_AT_ONCE = [24, 240];
const HOURS_LATER = 2_000;

/** Newest first, as many as the search wants. Rejects with WarehouseError. */
export async function findInHours(
  search: CallSearch,
  { hours, counting }: LookupStart,
  ask: Ask,
  beside: Beside,
): Promise<ListedCall[]> {
  const found: ListedCall[] = [];
  for (let at = 0, step = 0; at < hours.length && found.length < search.limit; step++) {
    const some = hours.slice(at, at + (HOURS_AT_ONCE[step] ?? HOURS_LATER));
    at += some.length;
    const rest = { ...search, limit: search.limit - found.length };
    const inSome = async (known: Counting): Promise<ListedCall[]> => {
      const calls = await ask<ListedCall>(
        hoursSearchStatement({ ...rest, scope: { ...search.scope, counting: known } }, some),
      );
      await beside(calls);
      return calls;
    };
    // Repeats in hours that are over are known as a rule.
    const isOver = (some[0]! + 2) * MS_PER_HOUR <= search.scope.now_ms;
    const stored = isOver ? await findStored(rest, some, counting, 'unknown', ask, beside) : undefined;
    found.push(...(stored ?? (await ask.counted(search.scope, inSome, some))));
  }
  return found;
}
