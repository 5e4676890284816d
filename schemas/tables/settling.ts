/**
 * Tables of settling: what is known of repeats, the hourly rollups, and what has been erased. All but the rollups
 * follow the retention of the calls they are about.
 */
import {
  CELL_COLUMN_NAMES,
  CELL_KINDS,
  type CellKind,
  cellColumn,
  cellKeys,
  isHistogram,
  ROLLUP_TABLES,
} from '../queries/cells.ts';
import { createTable, type DdlOptions, PART_RETENTION, type Retention, type TableRetention } from './ddl.ts';
import { runStep, type Step } from './steps.ts';

const PROJECT = 'project LowCardinality(String)';
const HOUR = 'hour Int32 CODEC(Delta(4), ZSTD(1))';
const SPAN = ['trace_id FixedString(16) CODEC(ZSTD(1))', 'span_id FixedString(8) CODEC(ZSTD(1))'];
const moment = (name: string, more = ''): string => `${name} DateTime64(3, 'UTC')${more}`;
const BY_MONTH = 'PARTITION BY intDiv(hour, 720)';

/** Pairs: the first span tells again of the call that the second (`by_`) tells of. */
function createRepeats(options: DdlOptions): string {
  return createTable(options, 'repeats', {
    columns: [
      PROJECT,
      HOUR,
      ...SPAN,
      'by_hour Int32 CODEC(Delta(4), ZSTD(1))',
      ...SPAN.map((column) => `by_${column}`),
      // When the younger of the two was inserted; a pair that no longer holds: when the span that changed it was.
      moment('at'),
      'holds Bool',
      moment('examined_at'),
    ],
    version: 'examined_at',
    layout:
      'PARTITION BY intDiv(hour, 24)\nORDER BY (project, hour, trace_id, span_id, by_trace_id, by_span_id, by_hour, at)',
    settings: PART_RETENTION,
  });
}

/** How far repeats have been looked for: one row a pass, the highest counts. */
function createExamined(options: DdlOptions): string {
  return createTable(options, 'examined', {
    columns: [moment('upto'), moment('marked_at', ' DEFAULT now64(3)')],
    layout: 'ORDER BY upto\nTTL toDateTime(marked_at) + INTERVAL 30 DAY',
  });
}

function createRollup(options: DdlOptions, kind: CellKind): string {
  const dimensions = cellKeys(kind).slice(1);
  return createTable(options, ROLLUP_TABLES[kind], {
    columns: [
      PROJECT,
      HOUR,
      'version UInt64 CODEC(Delta(8), ZSTD(1))',
      ...dimensions.map((name) => `${name} LowCardinality(String) CODEC(ZSTD(1))`),
      ...CELL_COLUMN_NAMES.map(
        (name) =>
          `${name} ${cellColumn(name).type} CODEC(${isHistogram(name) ? 'Delta(4), ZSTD(1)' : 'ZSTD(1)'})`,
      ),
    ],
    layout: `${BY_MONTH}\nORDER BY (${['project', 'hour', 'version', ...dimensions].join(', ')})`,
  });
}

/** One row publishes one version of one hour. Version 0: unsettled on purpose. */
function createSettled(options: DdlOptions): string {
  return createTable(options, 'settled', {
    columns: [PROJECT, HOUR, 'version UInt64', moment('watermark'), moment('marked_at', ' DEFAULT now64(3)')],
    layout: `${BY_MONTH}\nORDER BY (project, hour, watermark, version)`,
  });
}

/** The last comparison of each settled hour with its calls. */
function createAudits(options: DdlOptions): string {
  return createTable(options, 'audits', {
    columns: [
      PROJECT,
      HOUR,
      'version UInt64',
      'differences UInt32',
      moment('audited_at', ' DEFAULT now64(3)'),
    ],
    version: 'audited_at',
    layout: `${BY_MONTH}\nORDER BY (project, hour)`,
  });
}

/** A user's calls that were received up to `erased_at` (microseconds, as the version of a call) are no more. */
function createErasures(options: DdlOptions): string {
  return createTable(options, 'erasures', {
    columns: [PROJECT, 'user_id String', 'erased_at UInt64'],
    version: 'erased_at',
    layout: 'ORDER BY (project, user_id)',
  });
}

/** Calls that go with an erased user's: the other spans that tell of the same call. */
function createErasedCalls(options: DdlOptions): string {
  return createTable(options, 'erased_calls', {
    columns: [PROJECT, HOUR, ...SPAN, 'erased_at UInt64'],
    version: 'erased_at',
    layout: 'PARTITION BY intDiv(hour, 24)\nORDER BY (project, hour, trace_id, span_id)',
    settings: PART_RETENTION,
  });
}

/** Statements that create them. */
export function createSettling(options: DdlOptions): string[] {
  return [
    createRepeats(options),
    createExamined(options),
    ...CELL_KINDS.map((kind) => createRollup(options, kind)),
    createSettled(options),
    createAudits(options),
    createErasures(options),
    createErasedCalls(options),
  ];
}

/**
 * The first histograms were maps. Rollups that hold such are made anew, and every hour is settled again from its calls;
 * until then, answers read the calls.
 */
export function remakeOldRollups(options: DdlOptions): Step {
  const { database, cluster } = options;
  const onCluster = cluster ? ` ON CLUSTER '${cluster}'` : '';
  return async (warehouse) => {
    const { rows } = await warehouse.query<{ name: string }>(
      "SELECT name FROM system.columns WHERE database = {database:String} AND name LIKE '%_histogram' AND type LIKE 'Map%'",
      { params: { database } },
    );
    if (rows.length === 0) return;
    await runStep(warehouse, `TRUNCATE TABLE ${database}.settled${onCluster}`);
    for (const kind of CELL_KINDS) {
      await runStep(warehouse, `DROP TABLE IF EXISTS ${database}.${ROLLUP_TABLES[kind]}${onCluster} SYNC`);
      await runStep(warehouse, createRollup(options, kind));
    }
  };
}

const START = 'toDateTime(hour * 3600)';

/** How long each is kept. */
export function settlingRetention({ calls_days, rollups_days }: Retention): TableRetention[] {
  return [
    // A day longer, for the calls of the next day that a span of the last one strikes out.
    { table: 'repeats', time: START, days: calls_days + 1 },
    { table: 'erased_calls', time: START, days: calls_days + 1 },
    ...Object.values(ROLLUP_TABLES).map((table) => ({ table, time: START, days: rollups_days })),
    { table: 'settled', time: START, days: rollups_days },
    { table: 'audits', time: START, days: rollups_days },
  ];
}
