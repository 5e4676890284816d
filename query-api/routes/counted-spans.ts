/** Which stored spans count, and which count in the place of one that does not. */
import {
  type CallKey,
  type Inserted,
  microsecondsOf,
  type ShownCall,
  type StoredCall,
  storedCallOf,
} from '../../schemas/queries/call-columns.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import { lookupHoursStatement } from '../../schemas/queries/lookup-hours.ts';
import {
  type CallId,
  countedSpansStatement,
  type LookupScope,
  traceStatement,
} from '../../schemas/queries/one-call.ts';
import {
  knownRepeatsStatement,
  type SpanKey,
  type SpanPair,
  type SpanRepeats,
  spanRepeatsStatement,
  textOf,
  traceRepeatsStatement,
} from '../../schemas/queries/span-repeats.ts';
import type { Statement } from '../../schemas/queries/statement.ts';
import type { Ask } from './context.ts';
import { startLookup } from './start-lookup.ts';

const US_PER_HOUR = 3_600_000_000;
/** How far from a carrier's interval a call of it may start. */
const TOLERANCE_MS = 1_000;
/** So many times a repeat may be the repeat of another. */
export const LONGEST_CHAIN = 8;

export const startedMs = (call: CallKey): number => microsecondsOf(call.started_at) / 1000;

export const keyOf = ({ trace_id, span_id, started_at }: CallKey): SpanKey => ({
  hour: Math.floor(microsecondsOf(started_at) / US_PER_HOUR),
  trace_id,
  span_id,
});

/** Of a statement that reads `storedColumns`, those that make up `Call`. */
export const askStored = async <Call extends CallKey = StoredCall>(
  statement: Statement,
  ask: Ask,
): Promise<Call[]> => (await ask<Record<string, unknown>>(statement)).map((row) => storedCallOf(row) as Call);

/** What an answer shows of it. */
export const shownOf = <Call>({ inserted_ms: _, ...call }: Call & Inserted): Call => call as Call;

/** Where a lookup by trace begins: hours that may hold spans of it, and what is known of the project. */
export interface TraceStart {
  scope: LookupScope & { counting: Counting };
  hours: number[];
}

export async function startOfTrace(trace_id: string, scope: LookupScope, ask: Ask): Promise<TraceStart> {
  const inHours = lookupHoursStatement(scope, [{ column: 'trace_id', values: [trace_id] }]);
  const { hours, counting } = await startLookup(scope, inHours, ask);
  return { scope: { ...scope, counting }, hours };
}

export async function repeatsOf(
  spans: readonly SpanKey[],
  scope: LookupScope,
  ask: Ask,
): Promise<SpanRepeats> {
  const { read, ...statement } = spanRepeatsStatement(scope, spans);
  return read(await ask<unknown>(statement));
}

/** Of hours that `counting` says all to be looked at, as it was then. */
export async function knownRepeatsOf(
  spans: readonly SpanKey[],
  scope: LookupScope & { counting: Counting },
  ask: Ask,
): Promise<SpanRepeats> {
  const { read, ...statement } = knownRepeatsStatement(scope, spans, scope.counting.examined_ms);
  return read(await ask<unknown>(statement));
}

/** Of a trace; it needs to know of no span, so it is asked while they are read. */
export async function repeatsOfTrace(
  { scope, hours }: TraceStart,
  trace_id: string,
  ask: Ask,
): Promise<SpanRepeats> {
  const { read, ...statement } = traceRepeatsStatement(scope, trace_id, hours);
  return read(await ask<unknown>(statement));
}

/** Finds the pairs in which one of the spans is struck out. */
export type FindPairs = (spans: readonly SpanKey[]) => Promise<readonly SpanPair[]>;

/** Of repeats the spans that count in the end. */
async function strikersOf(first: readonly SpanPair[], find: FindPairs): Promise<CallId[]> {
  const seen = new Map<string, SpanKey>();
  const struck = new Set<string>();
  let pairs = first;
  for (let length = 0; pairs.length > 0 && length < LONGEST_CHAIN; length++) {
    for (const { repeat } of pairs) struck.add(textOf(repeat));
    const found = pairs.map(({ by }) => by).filter((by) => !seen.has(textOf(by)));
    for (const by of found) seen.set(textOf(by), by);
    // A carrier is struck out by each of its calls, which seldom are repeats themselves: their pairs are few.
    pairs = found.length === 0 ? [] : await find(found);
  }
  return [...seen]
    .filter(([key]) => !struck.has(key))
    .map(([, { trace_id, span_id }]) => ({ trace_id, span_id }));
}

/** Whether a delivery is of a user who was erased after it came. */
export const isOfErased = (
  delivery: { user_id: string; version: bigint },
  { erased_users }: Counting,
): boolean =>
  erased_users.some(
    ({ user_id, erased_at }) => user_id === delivery.user_id && delivery.version <= BigInt(erased_at),
  );

/**
 * Keys of repeats; undefined if there may be some that nobody has looked for. `repeats` were read after what
 * `counting` says, and the calls in whatever order: a row of them that came meanwhile is younger than the last look.
 */
export function struckAmong(
  calls: readonly Inserted[],
  { newest_ms, pairs }: SpanRepeats,
  { examined_ms }: Counting,
): Set<string> | undefined {
  const newest = Math.max(newest_ms, ...calls.map(({ inserted_ms }) => Number(inserted_ms)));
  return newest <= examined_ms ? new Set(pairs.map(({ repeat }) => textOf(repeat))) : undefined;
}

/** Keys of the spans that count, by the definition that every number is made of. */
export async function countedAmong(
  calls: readonly StoredCall[],
  repeats: SpanRepeats,
  { scope }: TraceStart,
  ask: Ask,
): Promise<Set<string>> {
  const keys = calls.map(keyOf);
  const struck = struckAmong(calls, repeats, scope.counting);
  if (struck) return new Set(keys.map(textOf).filter((key) => !struck.has(key)));
  // Rows have come whose repeats nobody has looked for: they are looked for now.
  const starts = calls.map(startedMs);
  const from_ms = Math.floor(Math.min(...starts));
  const window = { ...scope, from_ms, to_ms: Math.floor(Math.max(...starts)) + 1 };
  const traces = [...new Set(calls.map(({ trace_id }) => trace_id))];
  const hours = [...new Set(keys.map(({ hour }) => hour))];
  const spans = await ask.counted(
    window,
    (counting) => ask<SpanKey>(countedSpansStatement({ ...window, counting }, traces, hours)),
    hours,
  );
  return new Set(spans.map(textOf));
}

/**
 * Spans that count in the place of one that does not: who tells better of the same call, or the calls that it sums. `pairs`
 * are those in which it is struck out.
 */
export async function countedInstead(
  call: ShownCall,
  pairs: readonly SpanPair[],
  find: FindPairs,
  lookup: LookupScope,
  ask: Ask,
): Promise<CallId[]> {
  const strikers = await strikersOf(pairs, find);
  if (strikers.length > 0 || call.kind !== 'carrier') return strikers;
  const { scope, hours } = await startOfTrace(call.trace_id, lookup, ask);
  const spans = await askStored(traceStatement(scope, call.trace_id, hours), ask);
  const from_ms = startedMs(call) - TOLERANCE_MS;
  const to_ms = startedMs(call) + call.duration_ms + TOLERANCE_MS;
  return spans
    .filter((span) => span.kind === 'call' && startedMs(span) >= from_ms && startedMs(span) <= to_ms)
    .map(({ trace_id, span_id }) => ({ trace_id, span_id }));
}
