/** Asks the first of the two statements of an answer, hands over what it says, and again if that was overtaken. */

import { type Warehouse, WarehouseError } from '../seams.ts';
import {
  type Counting,
  type CountingScope,
  countingStatement,
  type RepeatMode,
  STALE_CODE,
} from './counting.ts';
import { hoursCountingStatement } from './hours-counting.ts';

/** The second attempt looks for repeats itself, so only an hour that is unsettled meanwhile can overtake it. */
const ATTEMPTS = 3;

/** Rejects with WarehouseError, as the statements do. With `hours` only those of the window matter, and no rollups. */
export async function withCounting<T>(
  warehouse: Warehouse,
  scope: CountingScope,
  signal: AbortSignal | undefined,
  use: (counting: Counting) => Promise<T>,
  hours?: readonly number[],
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const repeats: RepeatMode | undefined = attempt === 1 ? undefined : 'searched';
    const { sql, params, read } = hours
      ? hoursCountingStatement(scope, hours, repeats)
      : countingStatement(scope, repeats);
    const { rows } = await warehouse.query(sql, { params, ...(signal ? { signal } : {}) });
    try {
      return await use(read(rows));
    } catch (error) {
      const stale = error instanceof WarehouseError && error.code === STALE_CODE;
      if (!stale || attempt === ATTEMPTS) throw error;
    }
  }
}
