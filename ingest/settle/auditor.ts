/** Compares settled hours with their calls, counted from scratch; what differs is told, examined and settled anew. */
import { CELL_KINDS } from '../../schemas/queries/cells.ts';
import { type AuditUnit, auditStatement, auditUnitsStatement } from '../../schemas/queries/settling/audit.ts';
import { firstLiveHour } from '../../schemas/queries/settling/times.ts';
import { reexamine } from './examiner.ts';
import { scopeOf, settleHours, unsettleHours } from './settle-hours.ts';
import { rowsOf, run, type SettleStore } from './store.ts';

export interface AuditResult {
  project: string;
  hour: number;
  cells: number;
  differences: number;
}

const firstLive = (store: SettleStore): number =>
  firstLiveHour({ now_ms: store.now(), calls_days: store.calls_days });

/** Clean settled hours, the longest unaudited first. */
export function auditUnits(store: SettleStore, limit: number): Promise<AuditUnit[]> {
  return rowsOf<AuditUnit>(store, auditUnitsStatement(store.database, firstLive(store), limit));
}

async function compare(store: SettleStore, unit: AuditUnit): Promise<AuditResult> {
  const scope = await scopeOf(store, unit.project, [unit.hour], 'scratch');
  const result = { project: unit.project, hour: unit.hour, cells: 0, differences: 0 };
  for (const kind of CELL_KINDS) {
    const [row] = await rowsOf<{ cells: number | string; differences: number | string }>(
      store,
      auditStatement(scope, unit.hour, unit.version, kind),
    );
    result.cells += Number(row!.cells);
    result.differences += Number(row!.differences);
  }
  return result;
}

async function isStillClean(store: SettleStore, { project, hour, version }: AuditUnit): Promise<boolean> {
  const units = await auditUnits(store, 1_000_000);
  return units.some((unit) => unit.project === project && unit.hour === hour && unit.version === version);
}

/** Compares an hour. Undefined if it changed meanwhile, so that nothing can be said. */
export async function auditHour(store: SettleStore, unit: AuditUnit): Promise<AuditResult | undefined> {
  const result = await compare(store, unit);
  if (result.differences > 0 && !(await isStillClean(store, unit))) return undefined;
  await run(store, {
    sql: `INSERT INTO ${store.database}.audits (project, hour, version, differences)
SELECT {project:String}, ${unit.hour}, toUInt64('${BigInt(unit.version)}'), ${result.differences}`,
    params: { project: unit.project },
  });
  return result;
}

/** Finds the hour's repeats again and settles it; until then it is read from the calls. */
export async function mendHour(store: SettleStore, project: string, hour: number): Promise<void> {
  await unsettleHours(store, project, [hour]);
  await reexamine(store, hour - 1, hour + 1);
  await settleHours(store, project, [hour]);
}
