/**
 * Calls of hours whose repeats are known: what is stored is read a page at a time, and which of the page are repeats is
 * looked up by their keys.
 */
import {
  type CallKey,
  type Inserted,
  type ListedCall,
  microsecondsOf,
} from '../../schemas/queries/call-columns.ts';
import {
  type CallPlace,
  type CallSearch,
  deliveriesStatement,
  storedKeysStatement,
  storedPageStatement,
  storedSearchStatement,
} from '../../schemas/queries/call-search.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import { type SpanKey, textOf } from '../../schemas/queries/span-repeats.ts';
import type { Ask } from './context.ts';
import {
  askStored,
  isOfErased,
  keyOf,
  knownRepeatsOf,
  repeatsOf,
  shownOf,
  struckAmong,
} from './counted-spans.ts';

export const placeOf = ({ started_at, trace_id, span_id }: CallKey): CallPlace => ({
  started_us: microsecondsOf(started_at),
  trace_id,
  span_id,
});

/** Told of calls as they are found, while repeats among them are looked up. */
export type Beside = (calls: readonly CallKey[]) => Promise<void>;

/** What the database was asked about a page. */
export interface ReadPage {
  /** Of what was chosen the calls whose newest delivery it is, in the order of the choice, repeats among them. */
  calls: readonly ListedCall[];
  /** Everything that was read of `calls`: what of it is younger than the last look for repeats may have some. */
  read: readonly Inserted[];
}

/** How a page comes about: deliveries are chosen in the order of the search, then it is read which of them count. */
export interface Reading<Chosen extends CallKey> {
  choose(search: CallSearch): Promise<Chosen[]>;
  read(search: CallSearch, chosen: readonly Chosen[]): Promise<ReadPage>;
}

/** So many more are read than are wanted: a few of them are repeats as a rule. */
const withSpare = (wanted: number): number => wanted + 10 + Math.ceil(wanted / 10);

const placeText = ({ started_at, trace_id, span_id }: CallKey): string =>
  `${started_at} ${trace_id} ${span_id}`;

/** A full page may end between two deliveries of a span, of which it is the other that counts: the next begins before both. */
function withoutLastPlace<Chosen extends CallKey>(chosen: readonly Chosen[]): Chosen[] {
  const last = placeText(chosen.at(-1)!);
  return chosen.filter((call) => placeText(call) !== last);
}

/** What is known of the repeats in the hours of a search: all as the first statements say, or it has to be found out. */
export type HoursKnown = 'examined' | 'unknown';

/** Undefined if there may be repeats that nobody has looked for, or there are too many. */
export async function findByPages<Chosen extends CallKey>(
  search: CallSearch,
  { choose, read }: Reading<Chosen>,
  counting: Counting,
  known: HoursKnown,
  ask: Ask,
  beside: Beside,
): Promise<ListedCall[] | undefined> {
  const found: ListedCall[] = [];
  const scope = { ...search.scope, counting };
  for (let after = search.after; ; ) {
    const wanted = search.limit - found.length;
    const limit = withSpare(wanted);
    const rest = { ...search, ...(after === undefined ? {} : { after }), scope, limit };
    const deliveries = await choose(rest);
    const isLast = deliveries.length < limit;
    const chosen = isLast ? deliveries : withoutLastPlace(deliveries);
    if (chosen.length === 0) return isLast ? found : undefined;
    const [page, repeats] = await Promise.all([
      read(rest, chosen),
      (known === 'examined' ? knownRepeatsOf : repeatsOf)(chosen.map(keyOf), scope, ask),
      beside(chosen),
    ]);
    // Whatever was read: a call may have moved out of its chosen place since.
    const struck = struckAmong(page.read, repeats, counting);
    if (struck === undefined) return undefined;
    found.push(...page.calls.filter((call) => !struck.has(textOf(keyOf(call)))).slice(0, wanted));
    if (isLast || found.length === search.limit) return found;
    // Of pages full of repeats the database leaves them out at less cost.
    if (after !== search.after) return undefined;
    after = placeOf(chosen.at(-1)!);
  }
}

/** A delivery of a call, whole. */
export type Delivered = ListedCall & { version: string | number };
/** What is read of one to tell which is the newest, and whether that is shown; the user where some are erased. */
interface Delivery extends SpanKey, Inserted {
  version: string | number;
  user_id?: string;
}

/** Deliveries are chosen whole, by whatever is at hand, and then it is read which of them is the newest of its span. */
export const deliveriesFirst = (
  choose: (search: CallSearch) => Promise<Delivered[]>,
  counting: Counting,
  ask: Ask,
): Reading<Delivered> => ({
  choose,
  async read({ scope }, chosen) {
    const read = await askStored<CallKey & Delivery>(deliveriesStatement(scope, chosen.map(keyOf)), ask);
    const newest = new Map<string, Delivery>();
    for (const delivery of read) {
      const before = newest.get(textOf(delivery));
      if (!before || BigInt(delivery.version) > BigInt(before.version)) {
        newest.set(textOf(delivery), delivery);
      }
    }
    const calls = new Map<string, ListedCall>();
    for (const { version, ...call } of chosen) {
      const key = textOf(keyOf(call as ListedCall));
      const counts = newest.get(key);
      if (counts === undefined || BigInt(counts.version) !== BigInt(version)) continue;
      const { user_id = '' } = counts;
      if (!isOfErased({ user_id, version: BigInt(version) }, counting)) calls.set(key, call as ListedCall);
    }
    return { calls: [...calls.values()], read };
  },
});

type Stored = ListedCall & Inserted;

/** Deliveries are chosen by few columns first. */
const keysFirst = (hours: readonly number[], ask: Ask): Reading<CallKey> => ({
  choose: (search) => askStored<CallKey>(storedKeysStatement(search, hours), ask),
  async read(search, chosen) {
    const read = await askStored<Stored>(storedPageStatement(search, hours, chosen.map(keyOf)), ask);
    const byPlace = new Map(read.map((call) => [placeText(call), call]));
    const calls = [...new Set(chosen.map(placeText))].flatMap((place) => byPlace.get(place) ?? []);
    return { calls: calls.map(shownOf), read };
  },
});

/** To decode all columns of more rows takes longer than to ask twice. */
const READ_AT_ONCE_ROWS = 30_000;

/** What is stored in these hours, less its repeats. Undefined as `findByPages`. */
export async function findStored(
  search: CallSearch,
  hours: readonly number[],
  counting: Counting,
  known: HoursKnown,
  ask: Ask,
  beside: Beside,
): Promise<ListedCall[] | undefined> {
  const rows = counting.hours.reduce((sum, { hour, rows }) => sum + (hours.includes(hour) ? rows : 0), 0);
  if (rows > READ_AT_ONCE_ROWS)
    return findByPages(search, keysFirst(hours, ask), counting, known, ask, beside);
  const choose = (page: CallSearch) => askStored<Delivered>(storedSearchStatement(page, hours), ask);
  return findByPages(search, deliveriesFirst(choose, counting, ask), counting, known, ask, beside);
}
