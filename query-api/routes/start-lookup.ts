/** Where a lookup begins. */
import type { Counting, CountingScope } from '../../schemas/queries/counting.ts';
import { askFirst, ofProject } from '../../schemas/queries/first-statements.ts';
import type { Statement } from '../../schemas/queries/statement.ts';
import type { Ask } from './context.ts';

export interface LookupStart {
  /** Hours since 1970 that may hold what is looked for, newest first. */
  hours: number[];
  counting: Counting;
}

/** `inHours` is a SELECT of `hour`. Neither of the two statements needs the other's answer. Rejects with WarehouseError. */
export async function startLookup(
  scope: Pick<CountingScope, 'database' | 'project' | 'now_ms'>,
  inHours: Statement,
  ask: Ask,
): Promise<LookupStart> {
  const [hours, counting] = await Promise.all([
    ask<{ hour: number }>(inHours),
    askFirst(ofProject(scope), (statement) => ask(statement)),
  ]);
  return { hours: hours.map(({ hour }) => hour).sort((a, b) => b - a), counting };
}
