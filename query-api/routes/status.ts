/** /v1/status: how fresh the data is, and what keeps it. */
import { type NewestCallRow, newestCallStatement } from '../../schemas/queries/newest-call.ts';
import type { Project } from '../../schemas/queries/project.ts';
import type { Warehouse } from '../../schemas/seams.ts';
import type { Retention } from '../../schemas/tables/ddl.ts';
import { migrations } from '../../schemas/tables/migrations.ts';
import type { Freshness, Heartbeat } from '../freshness.ts';

export interface StatusContext {
  warehouse: Warehouse;
  database: string;
  retention: Retention;
  ledger?: (() => Record<string, unknown>) | undefined;
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
  const [newest, lag, heartbeat] = await Promise.all([
    warehouse.query<NewestCallRow>(sql, { params, signal }),
    // Of a log that does not answer the lag is not known; the rest of the status still is.
    context.lag?.().catch(() => null),
    context.freshness?.newest(),
  ]);
  const row = newest.rows[0];
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
    ledger: context.ledger?.() ?? null,
    lag: lag ?? null,
    rollup_audit: null,
    version: context.version,
    schema: migrations.at(-1)!.id,
  };
}
