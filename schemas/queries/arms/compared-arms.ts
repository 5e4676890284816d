/** The calls of the arms of a comparison: each has a window and a selector, filters hold for all. */
import type { BoundValues } from '../bound-values.ts';
import { type CountedScope, countedCalls } from '../counted-calls.ts';
import { dimensionOf } from '../dimensions.ts';
import { type Filter, filterCalls } from '../filters.ts';
import { scoredCalls } from '../scored-calls.ts';
import { HAS_TEXT_HASH } from './arm-metrics.ts';

export interface Arm {
  /** The window [from_ms, to_ms), in milliseconds since 1970. */
  from_ms: number;
  to_ms: number;
  /** All of them hold for a call of the arm. */
  selector: readonly Filter[];
}

export interface ArmsQuery {
  scope: Omit<CountedScope, 'from_ms' | 'to_ms'>;
  /** The first is the baseline; at most 8. */
  arms: readonly Arm[];
  filters: readonly Filter[];
  /** Name of the scores that stand beside the calls as `score`. */
  score?: string;
}

interface WindowedArms {
  from_ms: number;
  to_ms: number;
  arms: { number: number; selector: readonly Filter[] }[];
}

/** Arms of one window are read together. */
function byWindow(arms: readonly Arm[]): WindowedArms[] {
  const windows = new Map<string, WindowedArms>();
  arms.forEach(({ from_ms, to_ms, selector }, number) => {
    const key = `${from_ms} ${to_ms}`;
    const window = windows.get(key) ?? { from_ms, to_ms, arms: [] };
    window.arms.push({ number, selector });
    windows.set(key, window);
  });
  return [...windows.values()];
}

/**
 * Common table expressions, the last of them `arms`: every column of the counted calls of any arm, `members` (bit n is
 * set where the call is in arm n; 0 is the baseline) and `selected` (by the filters on how a call ended; rates divide
 * by all).
 */
export function armCtes(query: ArmsQuery, values: BoundValues): string[] {
  const isOutcome = ({ dimension }: Filter): boolean => dimensionOf(dimension).outcome === true;
  const ctes: string[] = [];
  const unions = byWindow(query.arms).map(({ from_ms, to_ms, arms }, index) => {
    const scope = { ...query.scope, from_ms, to_ms };
    const selectors = arms.map(({ number, selector }) => ({ number, sql: filterCalls(selector, values) }));
    const rest = query.filters.filter((filter) => !isOutcome(filter));
    const asked = `${filterCalls(rest, values)} AND (${selectors.map(({ sql }) => sql).join(' OR ')})`;
    let source = `counted_${index}`;
    ctes.push(`${source} AS (${countedCalls(scope, values, asked, [HAS_TEXT_HASH.made])})`);
    if (query.score !== undefined) {
      ctes.push(`scored_${index} AS (${scoredCalls(scope, query.score, source, values)})`);
      source = `scored_${index}`;
    }
    const bits = selectors.map(({ number, sql }) => `(${sql}) * ${2 ** number}`);
    const selected = filterCalls(query.filters.filter(isOutcome), values);
    return `SELECT *, toUInt8(${bits.join(' + ')}) AS members, ${selected} AS selected FROM ${source}`;
  });
  ctes.push(`arms AS (${unions.join('\nUNION ALL\n')})`);
  return ctes;
}

/** An array of the arms that a call, or a group of calls with the same members, is in. */
export function armsOf({ arms }: ArmsQuery): string {
  return `arrayFilter(a -> bitTest(members, a), range(${arms.length}))`;
}
