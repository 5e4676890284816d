/** Compares settled hours with their calls, counted from scratch; what differs is told, examined and settled anew. */
import { CELL_KINDS } from '../../schemas/queries/cells.ts';
import type { CountedScope } from '../../schemas/queries/counted-calls.ts';
import {
  type AuditUnit,
  auditUnitsStatement,
  cellsAuditStatement,
  erasedRowsStatement,
  repeatsAuditStatement,
} from '../../schemas/queries/settling/audit.ts';
import { sharesOf } from '../../schemas/queries/settling/shares.ts';
import { firstLiveHour } from '../../schemas/queries/settling/times.ts';
import type { Statement } from '../../schemas/queries/statement.ts';
import { reexamine, sharesOfHour } from './examiner.ts';
import { settleHours, unsettleHours, withCounted } from './settle-hours.ts';
import { rowsOf, run, type SettleStore } from './store.ts';
import { withinMemory } from './within-memory.ts';

export interface AuditResult {
  project: string;
  hour: number;
  cells: number;
  /** Cells that differ, and spans that are struck out and should not be, or the other way round. */
  differences: number;
}

const firstLive = (store: SettleStore): number =>
  firstLiveHour({ now_ms: store.now(), calls_days: store.calls_days });

/** Clean settled hours, the longest unaudited first. */
export function auditUnits(store: SettleStore, limit: number): Promise<AuditUnit[]> {
  return rowsOf<AuditUnit>(store, auditUnitsStatement(store.database, firstLive(store), limit));
}

/** Sums of the columns of the statements' one rows. */
async function summed(
  store: SettleStore,
  statements: readonly Statement[],
): Promise<{ cells: number; differences: number }> {
  const sums = { cells: 0, differences: 0 };
  for (const statement of statements) {
    const [row] = await rowsOf<Partial<Record<keyof typeof sums, number | string>>>(store, statement);
    sums.cells += Number(row!.cells ?? 0);
    sums.differences += Number(row!.differences);
  }
  return sums;
}

const rowsIn = ({ counting }: CountedScope, hour: number): number =>
  counting?.hours.find((state) => state.hour === hour)?.rows ?? 0;

async function compare(store: SettleStore, { project, hour, version }: AuditUnit): Promise<AuditResult> {
  const [repeats, cells] = await withCounted(store, project, [hour], async (scope) => [
    await withinMemory(sharesOfHour(rowsIn(scope, hour)), (of) =>
      summed(
        store,
        sharesOf(of).map((share) => repeatsAuditStatement(scope, hour, share)),
      ),
    ),
    await withinMemory(1, (of) =>
      summed(
        store,
        sharesOf(of).flatMap((share) =>
          CELL_KINDS.map((kind) => cellsAuditStatement(scope, hour, version, kind, share)),
        ),
      ),
    ),
  ]);
  return {
    project,
    hour,
    cells: cells!.cells,
    differences: cells!.differences + repeats!.differences,
  };
}

async function isStillClean(store: SettleStore, { project, hour, version }: AuditUnit): Promise<boolean> {
  const units = await auditUnits(store, 1_000_000);
  return units.some((unit) => unit.project === project && unit.hour === hour && unit.version === version);
}

/** From the record of an erasure until its hours are unsettled, their rollups still count what is erased. */
function isBeingErased(store: SettleStore, { project, hour }: AuditUnit): Promise<boolean> {
  return withCounted(store, project, [hour], async (scope) => {
    const [row] = await rowsOf<{ number: number | string }>(store, erasedRowsStatement(scope, hour));
    return Number(row!.number) > 0;
  });
}

/** Whether a difference means anything. In this order: rows that were removed just before went after their version. */
async function isComparable(store: SettleStore, unit: AuditUnit): Promise<boolean> {
  return !(await isBeingErased(store, unit)) && (await isStillClean(store, unit));
}

/** Compares an hour. Undefined if it changed meanwhile or is being erased from, so that nothing can be said. */
export async function auditHour(store: SettleStore, unit: AuditUnit): Promise<AuditResult | undefined> {
  const result = await compare(store, unit);
  if (result.differences > 0 && !(await isComparable(store, unit))) return undefined;
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
