/** The scores that one call shows. */
import {
  otherScoresStatement,
  ownScoresStatement,
  type ScoredCall,
  type ShownScore,
} from '../../schemas/queries/call-scores.ts';
import type { LookupScope } from '../../schemas/queries/one-call.ts';
import type { Ask } from './context.ts';

const inOrder = (a: ShownScore, b: ShownScore): number => {
  const [one, other] = [a, b].map(({ name, source, scored_at }) => [name, source, scored_at].join('\0'));
  return one! < other! ? -1 : one! > other! ? 1 : 0;
};

/**
 * What counts for a call by what else it names takes longer to find; it is seldom that there may be any. `tellers` are the
 * traces of its repeats.
 */
export async function scoresOf(
  call: ScoredCall,
  tellers: readonly string[],
  scope: LookupScope,
  ask: Ask,
): Promise<ShownScore[]> {
  const rows = await ask<ShownScore>(ownScoresStatement(scope, call, tellers));
  const own = rows.filter(({ name }) => name !== '');
  if (own.length === rows.length) return own.sort(inOrder);
  const more = await ask<ShownScore>(otherScoresStatement(scope, call, tellers));
  return [...own, ...more].sort(inOrder);
}
