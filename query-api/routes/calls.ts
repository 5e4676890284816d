/**
 * /v1/calls: the calls that match. A trace or a hash leads to their hours (find-in-hours.ts), else the window is searched in
 * slices, newest first. Where repeats are known, what is stored is read and repeats are looked up for the page alone
 * (`findStored`; of a full hour the page is chosen by few columns first); where rows have come that nobody has looked at, or
 * another table is needed, the page is chosen among the calls that count (`findChosen`), as are the largest of a window
 * and those with a score.
 */

import {
  type CallKey,
  type ListedCall,
  microsecondsOf,
  type StoredField,
} from '../../schemas/queries/call-columns.ts';
import {
  type CallPlace,
  type CallSearch,
  callSearchStatement,
  callsByKeysStatement,
  type FoundCall,
  hoursSearchStatement,
  searchHoursStatement,
} from '../../schemas/queries/call-search.ts';
import { horizonMs } from '../../schemas/queries/counted-calls.ts';
import type { Counting, HourState } from '../../schemas/queries/counting.ts';
import { areFailures } from '../../schemas/queries/failed-search.ts';
import { type CallId, keptPayloadsStatement } from '../../schemas/queries/one-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { retoldInTracesStatement } from '../../schemas/queries/retold.ts';
import { MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import type { Statement } from '../../schemas/queries/statement.ts';
import { encodeCursor } from '../cursor.ts';
import type { CallSearchRequest, ListField } from '../parameters/call-search.ts';
import type { Window } from '../parameters/window.ts';
import type { Ask, RouteContext } from './context.ts';
import { askStored, startedMs } from './counted-spans.ts';
import { findFailed } from './find-failed.ts';
import { findInHours } from './find-in-hours.ts';
import { type Beside, findStored, placeOf } from './find-stored.ts';
import { type PayloadFacts, payloadOutlook } from './payload.ts';
import { nameOf, repeatsByCall } from './retold.ts';
import { startLookup } from './start-lookup.ts';

/** Deliveries that are searched at once, newest first: most searches end in the first slice. */
const SLICE_ROWS = [25_000, 100_000];
/** What has not been found among those is rare, or not there. */
const LATER_ROWS = [1_000_000];

/** The window in slices of whole hours, newest first, by how much they hold; hours without calls are in none. */
export function slicesOf(
  { from_ms, to_ms }: Window,
  hours: readonly Pick<HourState, 'hour' | 'rows'>[],
  slice_rows: readonly number[] = SLICE_ROWS,
): Window[] {
  const slices: Window[] = [];
  let open: { from_ms: number; to_ms: number; rows: number } | undefined;
  for (const { hour, rows } of hours.toReversed()) {
    const start_ms = Math.max(from_ms, hour * MS_PER_HOUR);
    const end_ms = Math.min(to_ms, (hour + 1) * MS_PER_HOUR);
    if (start_ms >= end_ms || rows === 0) continue;
    if (open && open.rows + rows > (slice_rows[slices.length] ?? Number.POSITIVE_INFINITY)) {
      slices.push({ from_ms: open.from_ms, to_ms: open.to_ms });
      open = undefined;
    }
    open = { from_ms: start_ms, to_ms: open?.to_ms ?? end_ms, rows: (open?.rows ?? 0) + rows };
  }
  return open ? [...slices, { from_ms: open.from_ms, to_ms: open.to_ms }] : slices;
}

/** Hours that are asked about first, and searched. */
const FIRST_HOURS = 24;

/** The window in two, newer and older: most searches end in the first, and need not know of the other. */
export function partsOf({ from_ms, to_ms }: Window): Window[] {
  const middle_ms = Math.ceil(to_ms / MS_PER_HOUR - FIRST_HOURS) * MS_PER_HOUR;
  if (middle_ms <= from_ms) return [{ from_ms, to_ms }];
  return [
    { from_ms: middle_ms, to_ms },
    { from_ms, to_ms: middle_ms },
  ];
}

/** More of them are too long a list for a statement. */
const MOST_HOURS = 3_000;

/** The hours of a window one by one; undefined where they are too many, and are asked about as a range. */
export function hoursOf({ from_ms, to_ms }: Window): number[] | undefined {
  const first = Math.floor(from_ms / MS_PER_HOUR);
  const length = Math.ceil(to_ms / MS_PER_HOUR) - first;
  return length > MOST_HOURS ? undefined : Array.from({ length }, (_, index) => first + index);
}

/** A call may be delivered anew between the choice of a page and the reading of it; so often it is chosen again. */
const ATTEMPTS = 3;

/** Chosen by few columns, then read. */
async function findChosen(search: CallSearch, ask: Ask): Promise<ListedCall[]> {
  for (let attempt = 1; ; attempt++) {
    const chosen = await ask<FoundCall>(callSearchStatement(search));
    if (chosen.length === 0) return [];
    const fields = new Set<StoredField>([...search.fields, 'received_at']);
    const read = await askStored<ListedCall & { received_at: string }>(
      callsByKeysStatement(search.scope, chosen, [...fields]),
      ask,
    );
    const byDelivery = new Map(
      read.map((call) => [`${nameOf(call)}/${microsecondsOf(call.received_at)}`, call]),
    );
    const calls = chosen.flatMap(({ score, ...one }) => {
      const call = byDelivery.get(`${nameOf(one)}/${one.received_us}`);
      return call === undefined ? [] : [score === undefined ? call : { ...call, score }];
    });
    if (calls.length === chosen.length || attempt === ATTEMPTS) return calls;
  }
}

/** Nothing has come to the hours of the search, or to those beside it, that nobody has looked at. */
function isExamined({ scope: { from_ms, to_ms } }: CallSearch, { hours, examined_ms }: Counting): boolean {
  return hours
    .filter(({ hour }) => (hour + 2) * MS_PER_HOUR > from_ms && (hour - 1) * MS_PER_HOUR < to_ms)
    .every(({ newest_ms }) => newest_ms <= examined_ms);
}

/** Nor does the database need a second table: all columns of the page can be read in the statement that chooses it. */
const isPlain = (search: CallSearch, counting: Counting): boolean =>
  search.conditions.text === undefined && !counting.has_erased_calls && isExamined(search, counting);

/** A part of the window; failures have a table of their own, and no need of slices. */
async function findInPart(
  search: CallSearch,
  slice_rows: readonly number[],
  counting: Counting,
  ask: Ask,
  beside: Beside,
): Promise<ListedCall[]> {
  const found: ListedCall[] = [];
  const known = { ...search, scope: { ...search.scope, counting } };
  const { filters, text } = search.conditions;
  const failuresOnly = areFailures(filters) && text === undefined;
  if (failuresOnly && isExamined(known, counting)) {
    const failures = await findFailed(known, counting, ask, beside);
    if (failures) return failures;
  }
  for (const slice of slicesOf(search.scope, counting.hours, slice_rows)) {
    const limit = search.limit - found.length;
    if (limit === 0) break;
    const rest = { ...known, scope: { ...known.scope, ...slice }, limit };
    const hours = isPlain(rest, counting) ? hoursOf(slice) : undefined;
    const stored =
      failuresOnly && isExamined(rest, counting)
        ? await findFailed(rest, counting, ask, beside)
        : hours && (await findStored(rest, hours, counting, 'examined', ask, beside));
    const chosen = stored ?? (await findChosen(rest, ask));
    if (!stored) await beside(chosen);
    found.push(...chosen);
  }
  return found;
}

/** What nothing narrows down, slice by slice. */
async function findInSlices(search: CallSearch, ask: Ask, beside: Beside): Promise<ListedCall[]> {
  const found: ListedCall[] = [];
  for (const [index, part] of partsOf(search.scope).entries()) {
    const limit = search.limit - found.length;
    if (limit === 0) break;
    const rest = { ...search, scope: { ...search.scope, ...part }, limit };
    const slice_rows = index === 0 ? SLICE_ROWS : LATER_ROWS;
    const inPart = (counting: Counting) => findInPart(rest, slice_rows, counting, ask, beside);
    found.push(...(await ask.counted(rest.scope, inPart, hoursOf(part))));
  }
  return found;
}

/**
 * The largest, and those with a score, are looked for among all calls of the window, or of those hours of it that a trace
 * or a hash leads to.
 */
async function findInWhole(
  search: CallSearch,
  inHours: Statement | undefined,
  ask: Ask,
  beside: Beside,
): Promise<ListedCall[]> {
  const { scope } = search;
  const led = inHours && (await ask<{ hour: number }>(inHours)).map(({ hour }) => hour);
  const hours = led && led.length <= MOST_HOURS ? led : undefined;
  const use = async (counting: Counting): Promise<ListedCall[]> => {
    const known = { ...search, scope: { ...scope, counting } };
    const calls = hours
      ? await ask<ListedCall>(hoursSearchStatement(known, hours))
      : await findChosen(known, ask);
    await beside(calls);
    return calls;
  };
  return ask.counted(scope, use, hours ?? hoursOf(scope));
}

/** The fields that were asked for; `payload` says what became of the texts; `score` where the search asks for one. */
export type ListedItem = ListedCall & { payload?: ReturnType<typeof payloadOutlook>; score?: number };

/** Names of the calls that have a payload that is kept, or a repeat in their trace that has one. */
async function keptAmong(
  calls: readonly CallKey[],
  { scope, payloads_days }: CallSearch,
  ask: Ask,
): Promise<Set<string>> {
  const horizon_ms = scope.now_ms - payloads_days * 24 * MS_PER_HOUR;
  const recent = calls.filter((call) => startedMs(call) >= horizon_ms);
  if (recent.length === 0) return new Set();
  const own = recent.map((call) => Math.floor(startedMs(call) / MS_PER_HOUR));
  const hours = [...new Set(own.flatMap((hour) => [hour - 1, hour, hour + 1]))];
  const trace_ids = [...new Set(recent.map(({ trace_id }) => trace_id))];
  const ids = await ask<CallId>(keptPayloadsStatement(scope, { trace_ids, hours, horizon_ms }));
  const kept = new Set(ids.map(nameOf));
  // As a rule all have a payload of their own, or none has.
  if (kept.size === 0 || recent.every((call) => kept.has(nameOf(call)))) return kept;
  const { read, ...retold } = retoldInTracesStatement(scope, trace_ids, own);
  for (const [call, repeats] of repeatsByCall(read(await ask<unknown>(retold)))) {
    if (repeats.some((repeat) => kept.has(nameOf(repeat)))) kept.add(call);
  }
  return kept;
}

/** What becomes of a payload of which nothing is kept is told by these. */
const HASHES = ['prompt_hash', 'response_hash'] as const;

/** The calls of a page, each with the fields asked for, and its place in the order of the search. */
async function find(
  asked: Omit<CallSearch, 'fields'>,
  fields: readonly ListField[],
  ask: Ask,
): Promise<{ item: ListedItem; place: CallPlace }[]> {
  const { largest_first } = asked;
  const shows_payload = fields.includes('payload');
  const columns = fields.filter((field) => field !== 'payload');
  // Rows outlast their expiry until their day's part goes.
  const from_ms = Math.max(asked.scope.from_ms, horizonMs(asked.scope));
  const search: CallSearch = {
    ...asked,
    fields: [
      ...new Set([...columns, ...(shows_payload ? HASHES : []), ...(largest_first ? [largest_first] : [])]),
    ],
    scope: { ...asked.scope, from_ms },
  };
  if (from_ms >= search.scope.to_ms) return [];
  const kept = new Set<string>();
  const beside: Beside = async (calls) => {
    if (!shows_payload) return;
    for (const name of await keptAmong(calls, search, ask)) kept.add(name);
  };
  const inHours = searchHoursStatement(search);
  const { score } = search.conditions;
  const calls =
    largest_first || score
      ? await findInWhole(search, inHours, ask, beside)
      : inHours
        ? await findInHours(search, await startLookup(search.scope, inHours, ask), ask, beside)
        : await findInSlices(search, ask, beside);
  const itemOf = (call: ListedCall): ListedItem => {
    const names = score ? [...columns, 'score'] : columns;
    const shown = Object.fromEntries(names.map((name) => [name, call[name]])) as ListedCall;
    if (!shows_payload) return shown;
    const facts: PayloadFacts = {
      started_ms: startedMs(call),
      now_ms: search.scope.now_ms,
      payloads_days: search.payloads_days,
      has_hash: HASHES.some((name) => call[name] !== null),
    };
    return { ...shown, payload: payloadOutlook(facts, kept.has(nameOf(call))) };
  };
  const placeIn = (call: ListedCall): CallPlace => ({
    ...placeOf(call),
    ...(largest_first ? { value: Number(call[largest_first]) } : {}),
  });
  return calls.map((call) => ({ item: itemOf(call), place: placeIn(call) }));
}

export interface CallsPage {
  window: Window;
  /** In the order of the search. */
  items: ListedItem[];
  next_cursor: string | null;
}

/** Rejects with Problem or WarehouseError. */
export async function pageOfCalls(
  { window, conditions, fields, largest_first, after, limit, digest }: CallSearchRequest,
  now_ms: number,
  project: Project,
  { database, retention }: RouteContext,
  ask: Ask,
): Promise<CallsPage> {
  // What is older than the last call of the page before need not be looked for above it.
  const to_ms =
    after === undefined || largest_first
      ? window.to_ms
      : Math.min(window.to_ms, Math.floor(after.started_us / 1000) + 1);
  const { from_ms } = window;
  const scope = { database, project, from_ms, to_ms, now_ms, calls_days: retention.calls_days };
  const search = {
    scope,
    window,
    payloads_days: retention.payloads_days,
    conditions,
    ...(largest_first ? { largest_first } : {}),
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  };
  const found = await find(search, fields, ask);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const more = found.length > limit && last !== undefined;
  return {
    window,
    items: shown.map(({ item }) => item),
    next_cursor: more ? encodeCursor({ window, place: last.place }, digest) : null,
  };
}
