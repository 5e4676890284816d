/** Rollups of a window made anew, or held against their calls: what settler and audit do, for whoever asks. */
import { type HourOfCalls, hoursOfCallsStatement } from '../../schemas/queries/settling/settle.ts';
import { firstLiveHour, MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import { type AuditResult, auditHour, auditUnits } from './auditor.ts';
import { examine, reexamine } from './examiner.ts';
import { batchesOf, settleHours } from './settle-hours.ts';
import { rowsOf, type SettleStore } from './store.ts';

export interface RollupWindow {
  /** Whole hours that begin in [from_ms, to_ms). */
  from_ms: number;
  to_ms: number;
  project?: string;
}

export interface RebuildReport {
  /** Hours of projects that were settled. */
  rebuilt: number;
  /** Hours whose calls have begun to expire: their rollups stay as they are. */
  frozen: number;
}

export type OnProgress = (done: number, of: number) => void;

const hourRange = ({ from_ms, to_ms }: RollupWindow): { first: number; last: number } => ({
  first: Math.ceil(from_ms / MS_PER_HOUR),
  last: Math.ceil(to_ms / MS_PER_HOUR) - 1,
});

/** Finds the repeats of the window again and settles its hours, due or not. Answers stay right meanwhile. */
export async function rebuildRollups(
  store: SettleStore,
  window: RollupWindow,
  onProgress: OnProgress,
): Promise<RebuildReport> {
  const { first, last } = hourRange(window);
  const live = firstLiveHour({ now_ms: store.now(), calls_days: store.calls_days });
  const found = await rowsOf<HourOfCalls>(store, hoursOfCallsStatement(store.database, first, last));
  const wanted = found.filter(({ project }) => window.project === undefined || project === window.project);
  const units = wanted.filter(({ hour }) => hour >= live);
  await examine(store);
  let rebuilt = 0;
  for (const { project, hours } of batchesOf(units)) {
    onProgress(rebuilt, units.length);
    await reexamine(store, Math.min(...hours) - 1, Math.max(...hours) + 1);
    await settleHours(store, project, hours);
    rebuilt += hours.length;
  }
  onProgress(rebuilt, units.length);
  return { rebuilt, frozen: wanted.length - units.length };
}

export interface VerifyReport {
  /** Hours of projects that were compared, and their cells. */
  verified: number;
  cells: number;
  differing: AuditResult[];
  /** Hours with newer rows than their settlement, or none: they are read from the calls. */
  unsettled: number;
}

/** Compares settled hours of the window with their calls, counted from scratch. */
export async function verifyRollups(
  store: SettleStore,
  window: RollupWindow,
  onProgress: OnProgress,
): Promise<VerifyReport> {
  const { first, last } = hourRange(window);
  const isWanted = ({ project, hour }: { project: string; hour: number }): boolean =>
    hour >= first && hour <= last && (window.project === undefined || project === window.project);
  const found = await rowsOf<HourOfCalls>(store, hoursOfCallsStatement(store.database, first, last));
  const units = (await auditUnits(store, 1_000_000)).filter(isWanted);
  const report: VerifyReport = { verified: 0, cells: 0, differing: [], unsettled: 0 };
  for (const [index, unit] of units.entries()) {
    onProgress(index, units.length);
    const result = await auditHour(store, unit);
    if (result === undefined) continue;
    report.verified++;
    report.cells += result.cells;
    if (result.differences > 0) report.differing.push(result);
  }
  onProgress(units.length, units.length);
  report.unsettled = Math.max(0, found.filter(isWanted).length - report.verified);
  return report;
}
