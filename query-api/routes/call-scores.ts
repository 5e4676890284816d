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

/** What counts for a call by what else it names takes longer to find; it is seldom that there may be any. */
export async function scoresOf(call: ScoredCall, scope: LookupScope, ask: Ask): Promise<ShownScore[]> {
  const rows = await ask<ShownScore>(ownScoresStatement(scope, call));
  const own = rows.filter(({ name }) => name !== '');
  const more = own.length === rows.length ? [] : await ask<ShownScore>(otherScoresStatement(scope, call));
  return [...own, ...more].sort(inOrder);
}
