/**
 * Asks what the statement of an answer relies on: the first statements, and where there are rows that nobody
 * has looked at their repeats. Hands it over, and asks again if that was overtaken.
 */

import { type Warehouse, WarehouseError } from '../seams.ts';
import { type Counting, type CountingScope, type RepeatMode, STALE_CODE } from './counting.ts';
import { askFirst, ofSomeHours, ofWindow } from './first-statements.ts';
import { freshRepeatsStatement } from './fresh-repeats.ts';
import type { Statement } from './statement.ts';

/** Later attempts find hours and repeats themselves: only an hour that is unsettled in between can overtake those. */
const ATTEMPTS = 3;

/** Rejects with WarehouseError, as the statements do. With `hours` only those of the window matter, and no rollups. */
export async function withCounting<T>(
  warehouse: Warehouse,
  scope: CountingScope,
  signal: AbortSignal | undefined,
  use: (counting: Counting) => Promise<T>,
  hours?: readonly number[],
): Promise<T> {
  const ask = async ({ sql, params }: Statement) =>
    (await warehouse.query(sql, { params, ...(signal ? { signal } : {}) })).rows;
  for (let attempt = 1; ; attempt++) {
    const repeats: RepeatMode | undefined = attempt === 1 ? undefined : 'searched';
    const first = hours ? ofSomeHours(scope, hours, repeats) : ofWindow(scope, repeats);
    const counting = await askFirst(first, ask);
    const search = attempt === 1 ? freshRepeatsStatement(scope, counting) : undefined;
    const fresh = search?.read(await ask(search));
    try {
      return await use(fresh ? { ...counting, fresh } : counting);
    } catch (error) {
      const stale = error instanceof WarehouseError && error.code === STALE_CODE;
      if (!stale || attempt === ATTEMPTS) throw error;
    }
  }
}
