/** Whether two arms had like traffic: a difference of the figures may be one of what was asked, not of the arms. */
import {
  MIX_DIMENSION_NAMES,
  type MixDimension,
  type MixRow,
} from '../../schemas/queries/arms/traffic-mix.ts';
import { shareDistance } from '../statistics/share-distance.ts';

/** A tenth of the traffic of another kind, and twice what equal arms differ by. */
export const DISTANCE_THRESHOLD = 0.1;
const TIMES_CHANCE = 2;
/** Values of a dimension that are shown, those that differ most. */
const MOST_SHOWN = 10;

export interface Comparability {
  dimension: MixDimension;
  /** Total variation distance, 0 to 1; null where an arm has no calls. */
  distance: number | null;
  by_chance: number | null;
  differs: boolean;
  /** Shares of the arms' calls, those that differ most first. */
  shares: { value: string; baseline: number; candidate: number }[];
}

export function callsOf(mix: readonly MixRow[], arm: number, dimension: 'all' | 'shared' = 'all'): number {
  return mix.find((row) => row.arm === arm && row.dimension === dimension)?.calls ?? 0;
}

function comparabilityOn(dimension: MixDimension, mix: readonly MixRow[], candidate: number): Comparability {
  const counts = new Map<string, { baseline: number; candidate: number }>();
  for (const row of mix) {
    if (row.dimension !== dimension || (row.arm !== 0 && row.arm !== candidate)) continue;
    const pair = counts.get(row.value) ?? { baseline: 0, candidate: 0 };
    pair[row.arm === 0 ? 'baseline' : 'candidate'] += row.calls;
    counts.set(row.value, pair);
  }
  const found = shareDistance([...counts.values()]);
  const [ofBaseline, ofCandidate] = [callsOf(mix, 0) || 1, callsOf(mix, candidate) || 1];
  const shares = [...counts]
    .map(([value, pair]) => ({
      value,
      baseline: pair.baseline / ofBaseline,
      candidate: pair.candidate / ofCandidate,
    }))
    .sort((a, b) => Math.abs(b.baseline - b.candidate) - Math.abs(a.baseline - a.candidate));
  return {
    dimension,
    distance: found?.distance ?? null,
    by_chance: found?.by_chance ?? null,
    differs:
      found !== null &&
      found.distance > DISTANCE_THRESHOLD &&
      found.distance > TIMES_CHANCE * found.by_chance,
    shares: shares.slice(0, MOST_SHOWN),
  };
}

/** By request type, prompt size, hour of the day and service. `candidate` is the arm's number. */
export function comparabilityOf(mix: readonly MixRow[], candidate: number): Comparability[] {
  return MIX_DIMENSION_NAMES.map((dimension) => comparabilityOn(dimension, mix, candidate));
}

/** How many slices the arms' calls are in. */
export function slicesOf(mix: readonly MixRow[]): number {
  // What is in no slice is no slice: it stands in the row of all calls.
  return new Set(
    mix.filter(({ dimension, value }) => dimension === 'slice' && value !== '').map(({ value }) => value),
  ).size;
}
