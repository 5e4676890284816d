/** What every step of settling works on, and the questions that all of them ask. */
import { fetchInserted, watermarkStatement } from '../../schemas/queries/settling/watermark.ts';
import type { Statement } from '../../schemas/queries/statement.ts';
import type { Warehouse } from '../../schemas/seams.ts';

export interface SettleStore {
  /** Connected as the user that writes; it must see the statements of whoever inserts. */
  warehouse: Warehouse;
  database: string;
  /** Name of the cluster, if the tables are on one. */
  cluster?: string;
  /** Days that calls are kept. */
  calls_days: number;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** How long a write waits for the other replicas. */
const QUORUM_TIMEOUT_MS = 30_000;

/** What the statements rely on; a server's profile may lack it. */
const SETTLE_SETTINGS = {
  do_not_merge_across_partitions_select_final: 1,
  enable_materialized_cte: 1,
  enable_shared_storage_snapshot_in_query: 1,
  optimize_and_compare_chain: 0,
} as const;

/** The warehouse, for what asks it by itself. */
export function withSettings({ warehouse }: SettleStore): Warehouse {
  return {
    ...warehouse,
    query: (sql, options) => warehouse.query(sql, { ...options, settings: SETTLE_SETTINGS }),
  };
}

/** The rows of a statement. */
export async function rowsOf<Row>({ warehouse }: SettleStore, statement: Statement | string): Promise<Row[]> {
  const { sql, params } = typeof statement === 'string' ? { sql: statement, params: {} } : statement;
  return (await warehouse.query<Row>(sql, { params, settings: SETTLE_SETTINGS })).rows;
}

/**
 * On a cluster what is written is on every replica when its statement ends: a mark never comes before what it stands
 * for, and a mutation, which each replica works out by itself, finds the same erased calls on all of them.
 */
async function onAllReplicas(store: SettleStore): Promise<Record<string, string | number>> {
  if (store.cluster === undefined) return {};
  const [row] = await rowsOf<{ replicas: number | string }>(
    store,
    `SELECT count() AS replicas FROM clusterAllReplicas('${store.cluster}', numbers(1))`,
  );
  return { insert_quorum: Number(row!.replicas), insert_quorum_timeout: QUORUM_TIMEOUT_MS };
}

/** Runs a statement that writes. */
export async function run(
  store: SettleStore,
  statement: Statement | string,
  settings: Record<string, string | number> = {},
): Promise<void> {
  const { sql, params } = typeof statement === 'string' ? { sql: statement, params: {} } : statement;
  const everywhere = await onAllReplicas(store);
  await store.warehouse.command(sql, {
    params,
    settings: { ...SETTLE_SETTINGS, ...everywhere, ...settings },
  });
}

/** Every row stamped before it is visible from here on. Milliseconds of the database's clock. */
export async function watermarkOf(store: SettleStore): Promise<number> {
  const { warehouse, database, cluster } = store;
  const [row] = await rowsOf<{ watermark_ms: number | string }>(store, watermarkStatement(cluster));
  if (cluster !== undefined) await warehouse.command(fetchInserted(database));
  return Number(row!.watermark_ms);
}
