/**
 * Brings a database to the present schema. Every step may run twice, and while other processes insert:
 * migrations only add, rollups apart, which can be made again. Two processes that start together run the same steps harmlessly.
 */
import type { Warehouse } from '../seams.ts';
import { CALL_HOURS, createCallHours } from './call-hours.ts';
import * as ddl from './ddl.ts';
import { createFailedCalls, FAILED_CALLS } from './failed-calls.ts';
import { takeOverFeed } from './feed.ts';
import { alterRetention, retentionInForce, retentionOf } from './retention.ts';
import { checkServer } from './server-version.ts';
import { createSettling, remakeOldRollups } from './settling.ts';
import { runStep, type Step } from './steps.ts';
import { verifyTables } from './verify.ts';

export interface Migration {
  /** Numbered from 1 without gaps; never changed once released. */
  id: number;
  name: string;
  steps: (options: ddl.DdlOptions) => Step[];
}

export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'calls, payloads, scores, keys, rollups',
    steps: (options) => [
      ddl.createCalls(options),
      ddl.createPayloads(options),
      ddl.createScores(options),
      ddl.createKeys(options),
      ...createSettling(options),
    ],
  },
  {
    id: 2,
    name: 'ids of keys, index of prompts',
    steps: (options) => [ddl.addKeyId(options), ddl.addPromptIndex(options)],
  },
  {
    id: 3,
    name: 'snapshots of comparisons',
    steps: (options) => [ddl.createSnapshots(options)],
  },
  {
    id: 4,
    name: 'hours of ids, index of error types',
    steps: (options) => [
      ddl.addErrorTypeIndex(options),
      ddl.addResponseIdIndex(options),
      ...createCallHours(options),
    ],
  },
  {
    id: 5,
    name: 'ids of snapshots',
    steps: (options) => [ddl.addSnapshotId(options)],
  },
  {
    id: 6,
    name: 'lag of ingest',
    steps: (options) => [ddl.createIngestLag(options)],
  },
  {
    id: 7,
    name: 'packed histograms, days of one part',
    steps: (options) => [
      remakeOldRollups(options),
      ddl.mergeWholeDays(options, 'calls'),
      ddl.mergeWholeDays(options, 'repeats'),
    ],
  },
  {
    id: 8,
    name: 'cheaper parts and merges',
    steps: (options) => [ddl.spareMerges(options)],
  },
  {
    id: 9,
    name: 'failed calls in the order of time',
    steps: createFailedCalls,
  },
  {
    id: 10,
    name: 'smaller blocks',
    steps: (options) => [ddl.smallerBlocks(options)],
  },
];

export interface MigrateOptions extends ddl.DdlOptions {
  retention: ddl.Retention;
}

/**
 * Creates or upgrades the tables, sets their retention, and checks them against the record.
 * Rejects with WarehouseError, or with an Error that names the server's version, or the column that differs.
 */
export async function migrate(warehouse: Warehouse, options: MigrateOptions): Promise<{ applied: number[] }> {
  await checkServer(warehouse);
  await runStep(warehouse, ddl.createDatabase(options));
  await runStep(warehouse, ddl.createMigrations(options));
  const log = await warehouse.query<{ id: number }>(`SELECT id FROM ${options.database}.migrations FINAL`);
  const done = new Set(log.rows.map((row) => Number(row.id)));
  const newest = Math.max(0, ...done);
  const known = migrations.at(-1)!.id;
  if (newest > known) {
    throw new Error(
      `The database '${options.database}' has schema ${newest}, newer than this program's ${known}: upgrade this program.`,
    );
  }
  const applied: number[] = [];
  for (const migration of migrations) {
    if (done.has(migration.id)) continue;
    for (const step of migration.steps(options)) await runStep(warehouse, step);
    await runStep(
      warehouse,
      `INSERT INTO ${options.database}.migrations (id, name) VALUES (${migration.id}, '${migration.name}')`,
    );
    applied.push(migration.id);
  }
  for (const table of [CALL_HOURS, FAILED_CALLS]) await runStep(warehouse, takeOverFeed(options, table));
  await applyRetention(warehouse, options);
  await verifyTables(warehouse, options.database);
  return { applied };
}

/** Alters only what differs: cheap once, but each start of each process would repeat it. */
async function applyRetention(warehouse: Warehouse, options: MigrateOptions): Promise<void> {
  const { rows } = await warehouse.query<{ name: string; create_table_query: string }>(
    'SELECT name, create_table_query FROM system.tables WHERE database = {database:String}',
    { params: { database: options.database } },
  );
  const created = new Map(rows.map((row) => [row.name, row.create_table_query]));
  for (const rule of retentionOf(options.retention)) {
    if (created.get(rule.table)?.includes(retentionInForce(rule))) continue;
    await runStep(warehouse, alterRetention(options, rule));
  }
}
