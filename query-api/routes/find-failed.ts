/** Failed calls, out of the table that holds them in the order of time; `calls` says which of them count. */
import type { ListedCall } from '../../schemas/queries/call-columns.ts';
import type { CallSearch } from '../../schemas/queries/call-search.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import { failedSearchStatement } from '../../schemas/queries/failed-search.ts';
import type { Ask } from './context.ts';
import { askStored } from './counted-spans.ts';
import { type Beside, type Delivered, deliveriesFirst, findByPages } from './find-stored.ts';

/** Of hours of which `counting` says that all rows have been looked at. Undefined as `findByPages`. */
export function findFailed(
  search: CallSearch,
  counting: Counting,
  ask: Ask,
  beside: Beside,
): Promise<ListedCall[] | undefined> {
  const choose = (page: CallSearch) => askStored<Delivered>(failedSearchStatement(page), ask);
  return findByPages(search, deliveriesFirst(choose, counting, ask), counting, 'examined', ask, beside);
}
