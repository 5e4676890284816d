/** /v1/status: how fresh the data is, and what keeps it. */
import { type NewestCallRow, newestCallStatement } from '../../schemas/queries/newest-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { type SettlingRow, settlingStatusStatement } from '../../schemas/queries/settling-status.ts';
import type { Warehouse } from '../../schemas/seams.ts';
import type { Retention } from '../../schemas/tables/ddl.ts';
import { migrations } from '../../schemas/tables/migrations.ts';
import type { Freshness, Heartbeat } from '../freshness.ts';

export interface StatusContext {
  warehouse: Warehouse;
  database: string;
  retention: Retention;
  ledger?: ((project: Project) => Record<string, unknown>) | undefined;
  lag?: (() => Promise<unknown>) | undefined;
  freshness?: Freshness | undefined;
  now: () => number;
  version: string;
}

const iso = (ms: number): string => new Date(ms).toISOString();

const shownHeartbeat = ({ started_ms, inserted_ms, age_ms }: Heartbeat) => ({
  started_at: iso(started_ms),
  inserted_at: iso(inserted_ms),
  age_s: age_ms / 1000,
  delay_s: Math.max(0, inserted_ms - started_ms) / 1000,
});

/** What settling is behind by: rows that came after the last look for repeats. Null before the first look. */
const shownSettling = ({ examined_ms, settled_hours }: SettlingRow, newest: NewestCallRow | undefined) =>
  examined_ms === 0
    ? null
    : {
        examined_at: iso(examined_ms),
        lag_s: Math.max(0, (newest?.inserted_ms ?? 0) - examined_ms) / 1000,
        settled_hours,
      };

const shownAudit = ({ audited_hours, differing_hours, newest_audit_ms, oldest_audit_ms }: SettlingRow) =>
  audited_hours === 0
    ? null
    : {
        audited_hours,
        differing_hours,
        newest_at: iso(newest_audit_ms),
        oldest_at: iso(oldest_audit_ms),
      };

export async function answerStatus(
  project: Project,
  context: StatusContext,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const { warehouse, database, retention } = context;
  const now_ms = context.now();
  const { sql, params } = newestCallStatement({
    database,
    project,
    now_ms,
    calls_days: retention.calls_days,
  });
  const settling = settlingStatusStatement(database, project);
  const [newest, settled, lag, heartbeat] = await Promise.all([
    warehouse.query<NewestCallRow>(sql, { params, signal }),
    warehouse.query<SettlingRow>(settling.sql, { params: settling.params, signal }),
    // Of a log that does not answer the lag is not known; the rest of the status still is.
    context.lag?.().catch(() => null),
    context.freshness?.newest(),
  ]);
  const row = newest.rows[0];
  const progress = settled.rows[0]!;
  return {
    newest_call: row
      ? {
          started_at: iso(row.started_ms),
          inserted_at: iso(row.inserted_ms),
          age_s: (now_ms - row.started_ms) / 1000,
        }
      : null,
    heartbeat: heartbeat ? shownHeartbeat(heartbeat) : null,
    retention,
    ledger: context.ledger?.(project) ?? null,
    lag: lag ?? null,
    settling: shownSettling(progress, row),
    rollup_audit: shownAudit(progress),
    version: context.version,
    schema: migrations.at(-1)!.id,
  };
}
