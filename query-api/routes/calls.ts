/** /v1/calls: the calls that match, newest first. */

import { microsecondsOf, type ShownCall } from '../../schemas/queries/call-columns.ts';
import {
  type CallSearch,
  callSearchStatement,
  type FoundCall,
  foundCallsStatement,
  searchStartStatement,
} from '../../schemas/queries/call-search.ts';
import { horizonMs } from '../../schemas/queries/counted-calls.ts';
import type { Counting, HourState } from '../../schemas/queries/counting.ts';
import { type CallId, keptPayloadsStatement } from '../../schemas/queries/one-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { encodeCursor } from '../cursor.ts';
import type { CallSearchRequest } from '../parameters/call-search.ts';
import type { Window } from '../parameters/window.ts';
import type { Ask, RouteContext } from './context.ts';
import { findInHours, placeOf } from './find-in-hours.ts';
import { type PayloadFacts, payloadOutlook } from './payload.ts';

const HOUR_MS = 3_600_000;
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
    const start_ms = Math.max(from_ms, hour * HOUR_MS);
    const end_ms = Math.min(to_ms, (hour + 1) * HOUR_MS);
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
  const middle_ms = Math.ceil(to_ms / HOUR_MS - FIRST_HOURS) * HOUR_MS;
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
  const first = Math.floor(from_ms / HOUR_MS);
  const length = Math.ceil(to_ms / HOUR_MS) - first;
  return length > MOST_HOURS ? undefined : Array.from({ length }, (_, index) => first + index);
}

/** A page of what nothing narrows down: slice by slice. */
async function findInSlices(search: CallSearch, ask: Ask): Promise<FoundCall[]> {
  const found: FoundCall[] = [];
  for (const [index, part] of partsOf(search.scope).entries()) {
    const scope = { ...search.scope, ...part };
    const inPart = async (counting: Counting): Promise<FoundCall[]> => {
      const calls: FoundCall[] = [];
      for (const slice of slicesOf(part, counting.hours, index === 0 ? SLICE_ROWS : LATER_ROWS)) {
        const limit = search.limit - found.length - calls.length;
        if (limit === 0) break;
        const rest = { ...search, scope: { ...scope, ...slice, counting }, limit };
        calls.push(...(await ask<FoundCall>(callSearchStatement(rest))));
      }
      return calls;
    };
    if (found.length < search.limit) found.push(...(await ask.counted(scope, inPart, hoursOf(part))));
  }
  return found;
}

export type ListedItem = ShownCall & { payload: ReturnType<typeof payloadOutlook> };

type Started = CallId & { started_ms: number };

/** Which of the calls have a payload that is kept. */
async function keptAmong(calls: readonly Started[], search: CallSearch, ask: Ask): Promise<Set<string>> {
  const { scope, payloads_days } = search;
  const horizon_ms = scope.now_ms - payloads_days * 24 * HOUR_MS;
  const recent = calls.filter(({ started_ms }) => started_ms >= horizon_ms);
  if (recent.length === 0) return new Set();
  const hours = new Set(
    recent.flatMap(({ started_ms }) => {
      const hour = Math.floor(started_ms / HOUR_MS);
      return [hour - 1, hour, hour + 1];
    }),
  );
  const trace_ids = [...new Set(recent.map(({ trace_id }) => trace_id))];
  const wanted = { trace_ids, hours: [...hours], horizon_ms };
  const kept = await ask<CallId>(keptPayloadsStatement(scope, wanted));
  return new Set(kept.map(({ trace_id, span_id }) => `${trace_id}/${span_id}`));
}

const startedMs = (call: ShownCall): number => microsecondsOf(call.started_at) / 1000;
const startOf = (call: ShownCall): Started => ({ ...call, started_ms: startedMs(call) });

/** A call may be delivered anew between the choice of a page and the reading of it; so often the page is chosen again. */
const ATTEMPTS = 3;

/** The calls of a page in full, and which of them have a payload. */
async function find(asked: CallSearch, ask: Ask): Promise<{ calls: ShownCall[]; kept: Set<string> }> {
  // Rows outlast their expiry until their day's part goes.
  const from_ms = Math.max(asked.scope.from_ms, horizonMs(asked.scope));
  const search = { ...asked, scope: { ...asked.scope, from_ms } };
  if (from_ms >= search.scope.to_ms) return { calls: [], kept: new Set() };
  const start = searchStartStatement(search);
  if (start !== undefined) {
    const calls = await findInHours(search, start.read(await ask<unknown>(start)), ask);
    return { calls, kept: await keptAmong(calls.map(startOf), search, ask) };
  }
  for (let attempt = 1; ; attempt++) {
    const found = await findInSlices(search, ask);
    if (found.length === 0) return { calls: [], kept: new Set() };
    const started = found.map((one) => ({ ...one, started_ms: Number(one.started_us) / 1000 }));
    const [calls, kept] = await Promise.all([
      ask<ShownCall>(foundCallsStatement(search.scope, found)),
      keptAmong(started, search, ask),
    ]);
    const deliveries = new Set(found.map((one) => `${one.trace_id}/${one.span_id}/${one.received_us}`));
    const isAsFound = (call: ShownCall): boolean =>
      deliveries.has(`${call.trace_id}/${call.span_id}/${microsecondsOf(call.received_at)}`);
    if ((calls.length === found.length && calls.every(isAsFound)) || attempt === ATTEMPTS)
      return { calls, kept };
  }
}

function withPayload(call: ShownCall, kept: ReadonlySet<string>, search: CallSearch): ListedItem {
  const facts: PayloadFacts = {
    started_ms: startedMs(call),
    now_ms: search.scope.now_ms,
    payloads_days: search.payloads_days,
    has_hash: call.prompt_hash !== null || call.response_hash !== null,
  };
  return { ...call, payload: payloadOutlook(facts, kept.has(`${call.trace_id}/${call.span_id}`)) };
}

export interface CallsPage {
  window: Window;
  /** Newest first, each with what became of its payload. */
  items: ListedItem[];
  next_cursor: string | null;
}

/** Rejects with Problem or WarehouseError. */
export async function pageOfCalls(
  { window, conditions, after, limit, digest }: CallSearchRequest,
  now_ms: number,
  project: Project,
  { database, retention }: RouteContext,
  ask: Ask,
): Promise<CallsPage> {
  // What is older than the last call of the page before need not be looked for above it.
  const to_ms =
    after === undefined ? window.to_ms : Math.min(window.to_ms, Math.floor(after.started_us / 1000) + 1);
  const { from_ms } = window;
  const scope = { database, project, from_ms, to_ms, now_ms, calls_days: retention.calls_days };
  const search: CallSearch = {
    scope,
    payloads_days: retention.payloads_days,
    conditions,
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  };
  const found = await find(search, ask);
  const calls = found.calls.slice(0, limit);
  const last = calls.at(-1);
  const more = found.calls.length > limit && last !== undefined;
  return {
    window,
    items: calls.map((call) => withPayload(call, found.kept, search)),
    next_cursor: more ? encodeCursor({ window, place: placeOf(last) }, digest) : null,
  };
}
