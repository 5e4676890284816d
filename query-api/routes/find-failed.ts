/** Failed calls, out of the table that holds them in the order of time; `calls` says which of them count. */
import type { ListedCall } from '../../schemas/queries/call-columns.ts';
import type { CallSearch } from '../../schemas/queries/call-search.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import { failedSearchStatement } from '../../schemas/queries/failed-search.ts';
import type { Ask } from './context.ts';
import { askStored } from './counted-spans.ts';
import { type Beside, type Delivered, deliveriesFirst, findByPages, withSpare } from './find-stored.ts';

const propose = (search: CallSearch, ask: Ask): Promise<Delivered[]> =>
  askStored<Delivered>(failedSearchStatement(search), ask);

/** The first page as `findFailed` will want it: what counts need not be known to begin. */
export const proposeFirst = (search: CallSearch, ask: Ask): Promise<Delivered[]> =>
  propose({ ...search, limit: withSpare(search.limit) }, ask);

/** `first` is the first page, if that was proposed before. Undefined as `findByPages`. */
export function findFailed(
  search: CallSearch,
  first: Promise<Delivered[]> | undefined,
  counting: Counting,
  ask: Ask,
  beside: Beside,
): Promise<ListedCall[] | undefined> {
  let early = first;
  const choose = (page: CallSearch): Promise<Delivered[]> => {
    const proposed = early ?? propose(page, ask);
    early = undefined;
    return proposed;
  };
  return findByPages(search, deliveriesFirst(choose, counting, ask), counting, ask, beside);
}
