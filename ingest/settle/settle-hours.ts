/** Writes hours of calls as rollups and publishes them. */
import type { CountedScope } from '../../schemas/queries/counted-calls.ts';
import type { CountingScope } from '../../schemas/queries/counting.ts';
import { projectOfKey } from '../../schemas/queries/project.ts';
import {
  collectStatements,
  dueStatement,
  type HourOfCalls,
  markSettledStatement,
  newVersion,
  SETTLE_ORDER,
  settleStatement,
} from '../../schemas/queries/settling/settle.ts';
import { sharesOf } from '../../schemas/queries/settling/shares.ts';
import { firstLiveHour, MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import { withCounting } from '../../schemas/queries/with-counting.ts';
import { rowsOf, run, type SettleStore, watermarkOf, withSettings } from './store.ts';
import { withinMemory } from './within-memory.ts';

/** What one statement writes: bounds its memory, and its time. */
const CALLS_AT_ONCE = 1_000_000;
const HOURS_AT_ONCE = 168;
const UNITS_A_PASS = 200;

const windowOf = (store: SettleStore, project: string, hours: readonly number[]): CountingScope => ({
  database: store.database,
  project: projectOfKey(project),
  from_ms: Math.min(...hours) * MS_PER_HOUR,
  to_ms: (Math.max(...hours) + 1) * MS_PER_HOUR,
  now_ms: store.now(),
  calls_days: store.calls_days,
});

/** Says what counts in those hours of a project, as an answer is told it, and once more where that was overtaken. */
export function withCounted<T>(
  store: SettleStore,
  project: string,
  hours: readonly number[],
  use: (scope: CountedScope) => Promise<T>,
): Promise<T> {
  const scope = windowOf(store, project, hours);
  return withCounting(withSettings(store), scope, undefined, (counting) => use({ ...scope, counting }));
}

/**
 * Settles hours of one project, whether they are due or not. The watermark is asked first: what it stands for, rows
 * and erasures alike, is in all that is read after it.
 */
export async function settleHours(
  store: SettleStore,
  project: string,
  hours: readonly number[],
): Promise<void> {
  const watermark_ms = await watermarkOf(store);
  const version = await withinMemory(1, (shares) =>
    withCounted(store, project, hours, async (scope) => {
      // Of its own for each attempt: one that failed may have left some of its cells.
      const version = newVersion(store.now(), Math.random());
      for (const kind of SETTLE_ORDER) {
        for (const share of sharesOf(shares)) {
          await run(store, settleStatement(scope, hours, version, kind, share));
        }
      }
      return version;
    }),
  );
  await run(store, markSettledStatement(store.database, project, hours, version, watermark_ms));
}

/** From here on those hours are read from the calls, until they are settled again. */
export async function unsettleHours(
  store: SettleStore,
  project: string,
  hours: readonly number[],
): Promise<void> {
  const [row] = await rowsOf<{ now_ms: number | string }>(
    store,
    'SELECT toUnixTimestamp64Milli(now64(3)) AS now_ms',
  );
  // A millisecond ahead: a settlement with the same watermark would count as the newer one.
  await run(store, markSettledStatement(store.database, project, hours, '0', Number(row!.now_ms) + 1));
}

/** Hours by project, in lists short enough for one statement. */
export function batchesOf(units: readonly HourOfCalls[]): { project: string; hours: number[] }[] {
  return [...Map.groupBy(units, ({ project }) => project)].flatMap(([project, list]) => {
    const batches: { project: string; hours: number[]; calls: number }[] = [];
    for (const { hour, calls } of list) {
      const batch = batches.at(-1);
      if (batch && batch.calls + Number(calls) <= CALLS_AT_ONCE && batch.hours.length < HOURS_AT_ONCE) {
        batch.hours.push(hour);
        batch.calls += Number(calls);
      } else batches.push({ project, hours: [hour], calls: Number(calls) });
    }
    return batches;
  });
}

export interface Settlement {
  settled: number;
  /** Hours that were due and are left for the next pass. */
  waiting: number;
}

/**
 * Settles what is due, a pass's worth. An hour that cannot be settled holds up no other: it rejects with the first
 * WarehouseError after all others were tried. `tell` is told how far it came in either case.
 */
export async function settleDue(
  store: SettleStore,
  signal?: AbortSignal,
  tell: (settlement: Settlement) => void = () => {},
): Promise<Settlement> {
  const now_ms = store.now();
  const first_live_hour = firstLiveHour({ now_ms, calls_days: store.calls_days });
  const scope = { database: store.database, now_ms, first_live_hour, limit: UNITS_A_PASS };
  const units = await rowsOf<HourOfCalls & { waiting: number | string }>(store, dueStatement(scope));
  let settled = 0;
  const failures: unknown[] = [];
  const batches = batchesOf(units);
  for (const { project, hours } of batches) {
    if (signal?.aborted) break;
    try {
      await settleHours(store, project, hours);
      settled += hours.length;
    } catch (error) {
      // One hour may be the reason: after all else, each by itself.
      if (hours.length > 1) batches.push(...hours.map((hour) => ({ project, hours: [hour] })));
      else failures.push(error);
    }
  }
  const settlement = { settled, waiting: Number(units[0]?.waiting ?? 0) - settled };
  tell(settlement);
  if (failures.length > 0) throw failures[0];
  return settlement;
}

/** Removes versions that nobody chooses any more. */
export async function collectVersions(store: SettleStore): Promise<void> {
  for (const { count, remove } of collectStatements(store.database, store.now())) {
    const [row] = await rowsOf<{ number: number | string }>(store, count);
    if (Number(row!.number) === 0) continue;
    await run(store, remove, { allow_nondeterministic_mutations: 1, mutations_sync: 1 });
  }
}
