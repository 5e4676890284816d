/** How unlike two arms' traffic is along one dimension. */

export interface SharePair {
  baseline: number;
  candidate: number;
}

/**
 * Total variation distance of the shares: the part of the traffic, 0 to 1, that would have to be of another kind to make
 * them alike. `by_chance` is what two equal samples of these sizes differ by on average: few calls of many kinds
 * are never alike.
 */
export function shareDistance(counts: readonly SharePair[]): { distance: number; by_chance: number } | null {
  const total = (arm: keyof SharePair): number => counts.reduce((sum, pair) => sum + pair[arm], 0);
  const baseline = total('baseline');
  const candidate = total('candidate');
  if (baseline === 0 || candidate === 0) return null;
  let distance = 0;
  let by_chance = 0;
  for (const pair of counts) {
    distance += Math.abs(pair.baseline / baseline - pair.candidate / candidate) / 2;
    const pooled = (pair.baseline + pair.candidate) / (baseline + candidate);
    const variance = pooled * (1 - pooled) * (1 / baseline + 1 / candidate);
    // Mean of the absolute value of a normal variable.
    by_chance += Math.sqrt((2 * variance) / Math.PI) / 2;
  }
  return { distance, by_chance };
}
