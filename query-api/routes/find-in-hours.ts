/** Calls that a trace or a hash narrows down to a few hours: only those are asked about, and read. */
import {
  type CallKey,
  type Inserted,
  type ListedCall,
  microsecondsOf,
} from '../../schemas/queries/call-columns.ts';
import {
  type CallPlace,
  type CallSearch,
  hoursSearchStatement,
  storedKeysStatement,
  storedPageStatement,
  storedSearchStatement,
} from '../../schemas/queries/call-search.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import { MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import { textOf } from '../../schemas/queries/span-repeats.ts';
import type { Ask } from './context.ts';
import { askStored, keyOf, repeatsOf, shownOf, struckAmong } from './counted-spans.ts';
import type { LookupStart } from './start-lookup.ts';

/** So many hours of those that may hold what is looked for are searched at once, newest first. */
const HOURS_AT_ONCE = [24, 240];
const HOURS_LATER = 2_000;

export const placeOf = ({ started_at, trace_id, span_id }: CallKey): CallPlace => ({
  started_us: microsecondsOf(started_at),
  trace_id,
  span_id,
});

/** Told of calls as they are found, while repeats among them are looked up. */
export type Beside = (calls: readonly CallKey[]) => Promise<void>;

/** Where there are more, a page is chosen by few columns first. */
const READ_AT_ONCE_ROWS = 30_000;

const rowsIn = (hours: readonly number[], counting: Counting): number =>
  counting.hours.reduce((sum, { hour, rows }) => sum + (hours.includes(hour) ? rows : 0), 0);

/** So many more are read than are wanted: a few of them are repeats as a rule. */
const spare = (limit: number): number => 10 + Math.ceil(limit / 10);

const placeText = ({ started_at, trace_id, span_id }: CallKey): string =>
  `${started_at} ${trace_id} ${span_id}`;

type Stored = ListedCall & Inserted;

/** Of chosen deliveries those that count for their call, in the order of the choice, each once. */
function countedOf(chosen: readonly CallKey[], read: readonly Stored[]): Stored[] {
  const byPlace = new Map(read.map((call) => [placeText(call), call]));
  return [...new Set(chosen.map(placeText))].flatMap((place) => byPlace.get(place) ?? []);
}

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
): Promise<ListedCall[] | undefined> {
  const found: ListedCall[] = [];
  const scope = { ...search.scope, counting };
  const areMany = rowsIn(hours, counting) > READ_AT_ONCE_ROWS;
  for (let after = search.after; ; ) {
    const wanted = search.limit - found.length;
    const limit = wanted + spare(wanted);
    const rest = { ...search, ...(after === undefined ? {} : { after }), scope, limit };
    const whole = areMany ? undefined : await askStored<Stored>(storedSearchStatement(rest, hours), ask);
    const chosen = whole ?? (await askStored<CallKey>(storedKeysStatement(rest, hours), ask));
    if (chosen.length === 0) return found;
    const [read, repeats] = await Promise.all([
      whole ?? askStored<Stored>(storedPageStatement(rest, hours, chosen.map(keyOf)), ask),
      repeatsOf(chosen.map(keyOf), scope, ask),
      beside(chosen),
    ]);
    // Whatever was read: a call may have moved out of its chosen place since.
    const struck = struckAmong(read, repeats, counting);
    if (struck === undefined) return undefined;
    const calls = (whole ?? countedOf(chosen, read)).map(shownOf);
    found.push(...calls.filter((call) => !struck.has(textOf(keyOf(call)))).slice(0, wanted));
    if (chosen.length < limit || found.length === search.limit) return found;
    // Of pages full of repeats the database leaves them out at less cost.
    if (after !== search.after) return undefined;
    after = placeOf(chosen.at(-1)!);
  }
}

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
    const stored = isOver ? await findStored(rest, some, counting, ask, beside) : undefined;
    found.push(...(stored ?? (await ask.counted(search.scope, inSome, some))));
  }
  return found;
}
