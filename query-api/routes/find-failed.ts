/** Failed calls, out of the table that holds them in the order of time. */
import type { CallKey, Inserted, ListedCall, StoredField } from '../../schemas/queries/call-columns.ts';
import type { CallSearch } from '../../schemas/queries/call-search.ts';
import type { Counting } from '../../schemas/queries/counting.ts';
import { deliveriesStatement, failedSearchStatement } from '../../schemas/queries/failed-search.ts';
import { textOf } from '../../schemas/queries/span-repeats.ts';
import type { Ask } from './context.ts';
import { askStored, keyOf } from './counted-spans.ts';
import { type Reading, withSpare } from './find-stored.ts';

type Version = { version: string | number };
export type Proposed = ListedCall & Version;
interface Delivery extends Inserted, Version {
  hour: number;
  trace_id: string;
  span_id: string;
}

/** Deliveries in the order of the search, whatever became of them. */
export function proposeFailed(search: CallSearch, ask: Ask): Promise<Proposed[]> {
  const fields = new Set<StoredField>([...search.fields, 'version']);
  return askStored<Proposed>(failedSearchStatement(search, [...fields]), ask);
}

/** The first page as a search through `failedFirst` will ask for it: what counts need not be known to begin. */
export const proposeFirst = (search: CallSearch, ask: Ask): Promise<Proposed[]> =>
  proposeFailed({ ...search, limit: withSpare(search.limit) }, ask);

/** What came shortly before the search may have come after its first page was proposed. */
const RECENT_MS = 60_000;

/** `first` is the first page, which was proposed before anything was known. */
export function failedFirst(
  first: Promise<Proposed[]> | undefined,
  counting: Counting,
  ask: Ask,
): Reading<Proposed> {
  let early = first;
  return {
    choose(search) {
      const page = early ?? proposeFailed(search, ask);
      early = undefined;
      return page;
    },
    async read({ scope }, chosen) {
      const read = await askStored<CallKey & Delivery>(deliveriesStatement(scope, chosen.map(keyOf)), ask);
      const newest = new Map<string, Delivery>();
      for (const delivery of read) {
        const before = newest.get(textOf(delivery));
        if (!before || BigInt(delivery.version) > BigInt(before.version))
          newest.set(textOf(delivery), delivery);
      }
      const calls = new Map<string, ListedCall>();
      for (const call of chosen) {
        const { version, ...shown } = call;
        const name = textOf(keyOf(call));
        const counts = newest.get(name);
        if (counts === undefined) continue;
        if (BigInt(counts.version) === BigInt(version)) calls.set(name, shown as ListedCall);
        else if (Number(counts.inserted_ms) > counting.as_of_ms - RECENT_MS) return undefined;
      }
      return { calls: [...calls.values()], read };
    },
  };
}
