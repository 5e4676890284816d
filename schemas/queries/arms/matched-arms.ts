/** Calls of like traffic in both arms: strata that both have, the candidate's weighted to the baseline's mix. */
import { type ArmsQuery, armsOf } from './compared-arms.ts';
import { MIX_DIMENSIONS, type MixDimension } from './traffic-mix.ts';

export interface Matching {
  /** What strata are made of; at least one. */
  on: readonly MixDimension[];
}

/**
 * Adds `strata` to the common table expressions and gives a source of the calls that lie in a stratum of both arms, with
 * `arm` and `weight`: 1 in the baseline, else the baseline's calls of the stratum over the candidate's. Arms 0 and 1 only.
 */
export function joinStrata({ on }: Matching, query: ArmsQuery, ctes: string[]): string {
  const stratum = `tuple(${on.map((name) => MIX_DIMENSIONS[name].sql).join(', ')}) AS stratum`;
  ctes.push(`strata AS (SELECT ${stratum}, countIf(bitTest(members, 0)) AS of_baseline, countIf(bitTest(members, 1)) AS of_candidate
FROM arms GROUP BY stratum HAVING of_baseline > 0 AND of_candidate > 0)`);
  return `(SELECT *, if(arm = 0, toFloat64(1), of_baseline / of_candidate) AS weight
    FROM (SELECT *, ${stratum}, arrayJoin(${armsOf(query)}) AS arm FROM arms) AS stratified INNER JOIN strata USING (stratum))`;
}
