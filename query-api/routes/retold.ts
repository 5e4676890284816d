/** How a span stands to others: what counts in its place or, where it counts itself, what tells of it again. */
import type { StoredCall } from '../../schemas/queries/call-columns.ts';
import type { CallId } from '../../schemas/queries/one-call.ts';
import { pairsOfSpansStatement, searchedPairsStatement } from '../../schemas/queries/retold.ts';
import {
  type SpanKey,
  type SpanPair,
  type SpanRepeats,
  spanPairsStatement,
  textOf,
} from '../../schemas/queries/span-repeats.ts';
import type { Statement } from '../../schemas/queries/statement.ts';
import type { Ask } from './context.ts';
import {
  countedInstead,
  type FindPairs,
  keyOf,
  LONGEST_CHAIN,
  repeatsOf,
  shownOf,
  struckAmong,
  type TraceStart,
} from './counted-spans.ts';

export const nameOf = ({ trace_id, span_id }: CallId): string => `${trace_id}/${span_id}`;

const askPairs = async (
  { read, ...statement }: Statement & { read(rows: readonly unknown[]): SpanPair[] },
  ask: Ask,
): Promise<SpanPair[]> => read(await ask<unknown>(statement));

/**
 * The repeats that tell of one call alone, by the name of that call. What a span tells of follows from the pairs: what
 * strikes it out or, of a span among those that is struck out itself, what that tells of. So a span that sums several calls
 * is a repeat of none.
 */
export function repeatsByCall(pairs: readonly SpanPair[]): Map<string, SpanKey[]> {
  const struckBy = new Map<string, SpanKey[]>();
  const repeats = new Map<string, SpanKey>();
  for (const { repeat, by } of pairs) {
    const key = textOf(repeat);
    repeats.set(key, repeat);
    struckBy.set(key, [...(struckBy.get(key) ?? []), by]);
  }
  const known = new Map<string, Set<string>>();
  const toldBy = (span: SpanKey): Set<string> => {
    const key = textOf(span);
    const by = struckBy.get(key);
    if (by === undefined) return new Set([nameOf(span)]);
    const told = known.get(key) ?? new Set();
    if (known.has(key)) return told;
    known.set(key, told);
    for (const call of by.flatMap((one) => [...toldBy(one)])) told.add(call);
    return told;
  };
  const found = new Map<string, SpanKey[]>();
  for (const repeat of repeats.values()) {
    const [call, ...others] = toldBy(repeat);
    // One identity in two hours is a pair as well.
    if (call === undefined || others.length > 0 || call === nameOf(repeat)) continue;
    found.set(call, [...(found.get(call) ?? []), repeat]);
  }
  return found;
}

/**
 * Pairs of a span, and where it strikes out others what is known of those; none while it has not been looked for them.
 */
export async function pairsOfCall(id: CallId, { scope, hours }: TraceStart, ask: Ask): Promise<SpanRepeats> {
  const { read, ...statement } = spanPairsStatement(scope, id, hours);
  const { newest_ms, pairs } = read(await ask<unknown>(statement));
  const all = [...pairs];
  const seen = new Set([nameOf(id)]);
  const isNew = ({ repeat, by }: SpanPair): boolean => seen.has(nameOf(by)) && !seen.has(nameOf(repeat));
  for (let found = pairs, length = 0; length < LONGEST_CHAIN; length++) {
    const spans = found.filter(isNew).map(({ repeat }) => repeat);
    if (spans.length === 0) break;
    for (const span of spans) seen.add(nameOf(span));
    found = await askPairs(pairsOfSpansStatement(scope, spans), ask);
    all.push(...found);
  }
  return { newest_ms, pairs: all };
}

/** Pairs of the traces of these spans, looked for now among the rows that nobody has looked at. */
const searchedPairs = (
  spans: readonly SpanKey[],
  { database, project, counting }: TraceStart['scope'],
  ask: Ask,
): Promise<SpanPair[]> =>
  askPairs(searchedPairsStatement({ database, project, examined_ms: counting.examined_ms }, spans), ask);

export interface Standing {
  counted: boolean;
  /** The spans that count in its place. */
  counted_as: CallId[];
  /** The spans that tell of it again, if it counts. */
  repeats: readonly SpanKey[];
}

/** `known` are its pairs as they are stored. */
export async function standingOf(
  stored: StoredCall,
  known: SpanRepeats,
  start: TraceStart,
  ask: Ask,
): Promise<Standing> {
  const { scope } = start;
  const key = keyOf(stored);
  const isKnown = struckAmong([stored], known, scope.counting) !== undefined;
  // Rows have come whose repeats nobody has looked for: they are looked for now.
  const pairs = isKnown ? known.pairs : await searchedPairs([key], scope, ask);
  const own = pairs.filter(({ repeat }) => textOf(repeat) === textOf(key));
  if (own.length === 0) {
    return { counted: true, counted_as: [], repeats: repeatsByCall(pairs).get(nameOf(key)) ?? [] };
  }
  const find: FindPairs = async (spans) => {
    if (isKnown) return (await repeatsOf(spans, scope, ask)).pairs;
    const asked = new Set(spans.map(textOf));
    return (await searchedPairs(spans, scope, ask)).filter(({ repeat }) => asked.has(textOf(repeat)));
  };
  const counted_as = await countedInstead(shownOf(stored), own, find, scope, ask);
  return { counted: false, counted_as, repeats: [] };
}
