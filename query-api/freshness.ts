/** How old the newest heartbeat is that can be queried: what the whole line takes, and whether it moves. */
import { Gauge, type Registry } from 'prom-client';
import { type NewestCallRow, newestCallStatement } from '../schemas/queries/newest-call.ts';
import { OWN_PROJECT } from '../schemas/queries/project.ts';
import { type Warehouse, WarehouseError } from '../schemas/seams.ts';

export interface FreshnessOptions {
  /** As the user that may only read. */
  warehouse: Warehouse;
  database: string;
  calls_days: number;
  /** The line stalls when the newest heartbeat is older. */
  stall_ms: number;
  /** Where the age is told as a metric. */
  registry?: Registry;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Where the newest heartbeat stands. */
export interface Heartbeat {
  started_ms: number;
  inserted_ms: number;
  age_ms: number;
}

export interface Freshness {
  /** Undefined when none was ever stored. Rejects with WarehouseError. */
  newest(): Promise<Heartbeat | undefined>;
  /**
   * Rejects with an Error that says how old the newest heartbeat is, once it is too old. A process that has never seen
   * a fresh one is not to blame for what it has not seen, and says nothing.
   */
  check(): Promise<void>;
}

/** UNKNOWN_TABLE, UNKNOWN_DATABASE */
const NO_TABLES = new Set([60, 81]);

function explained(error: unknown): never {
  if (error instanceof WarehouseError && error.code !== undefined && NO_TABLES.has(error.code)) {
    throw new Error('the tables are not there yet: ingest makes them when it starts');
  }
  throw error;
}

export function createFreshness(options: FreshnessOptions): Freshness {
  const { warehouse, database, calls_days, stall_ms, registry } = options;
  const now = options.now ?? Date.now;
  let seenFresh = false;

  async function newest(): Promise<Heartbeat | undefined> {
    const now_ms = now();
    const { sql, params } = newestCallStatement({ database, project: OWN_PROJECT, now_ms, calls_days });
    const { rows } = await warehouse.query<NewestCallRow>(sql, { params });
    const row = rows[0];
    if (!row) return undefined;
    const age_ms = Math.max(0, now_ms - row.started_ms);
    seenFresh ||= age_ms <= stall_ms;
    return { started_ms: row.started_ms, inserted_ms: row.inserted_ms, age_ms };
  }

  if (registry) {
    new Gauge({
      name: 'plumbline_heartbeat_age_seconds',
      help: 'Age of the newest heartbeat that can be queried: what the line from the collector on is behind by.',
      registers: [registry],
      async collect() {
        const heartbeat = await newest().catch(() => undefined);
        // Not a number where there is none: 0 would be fresh.
        this.set(heartbeat ? heartbeat.age_ms / 1000 : Number.NaN);
      },
    });
  }

  return {
    newest,
    async check() {
      const heartbeat = await newest().catch(explained);
      if (!heartbeat || !seenFresh || heartbeat.age_ms <= stall_ms) return;
      const age_s = Math.round(heartbeat.age_ms / 1000);
      throw new Error(
        `the newest heartbeat that can be queried is ${age_s} s old, more than PLUMBLINE_STALL_S: the collector, Kafka or ingest stalls`,
      );
    },
  };
}
