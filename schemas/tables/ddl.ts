/** DDL of every table. Columns of the record come from its fields; only what the database adds stands here. */
import { callFields } from '../record/calls.ts';
import type { Field } from '../record/field.ts';
import { payloadFields } from '../record/payloads.ts';
import { scoreFields } from '../record/scores.ts';

/** Days that each class of data is kept. */
export interface Retention {
  payloads_days: number;
  calls_days: number;
  rollups_days: number;
}

/** How long a table keeps its rows, counted from one of its times. */
export interface TableRetention {
  table: string;
  /** Expression of type DateTime, as the server writes it back. */
  time: string;
  days: number;
}

export interface DdlOptions {
  database: string;
  /** Name of the ClickHouse cluster; tables are replicated over it. Absent: one server. */
  cluster?: string;
}

const MICROSECONDS_PER_HOUR = 3_600_000_000;

/** Hours since 1970 of a DateTime64(6): `toStartOfHour` is 32 bits wide and wraps. */
const hourOf = (column: string): string =>
  `toInt32(intDiv(toUnixTimestamp64Micro(${column}) - if(toUnixTimestamp64Micro(${column}) < 0, ${MICROSECONDS_PER_HOUR - 1}, 0), ${MICROSECONDS_PER_HOUR}))`;

/** `name Type CODEC(...)` for each field. */
export function columnsOf(fields: Record<string, Field<never>>): string[] {
  return Object.entries(fields).map(([name, { type, codec }]) =>
    [name, type.name, codec ? `CODEC(${codec})` : ''].filter(Boolean).join(' '),
  );
}

const INSERTED_AT = "inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))";
export const HOUR = `hour Int32 MATERIALIZED ${hourOf('started_at')} CODEC(Delta(4), ZSTD(1))`;

/**
 * A table on the identity of calls. Sort key and partition are functions of the span alone, so two deliveries of
 * a span always meet, however far apart; a day is one partition, so expired days go as whole parts.
 */
const identityLayout = (...more: string[]): string => `PARTITION BY intDiv(hour, 24)
ORDER BY (${['project', 'hour', 'trace_id', 'span_id', ...more].join(', ')})`;

// Whole parts only: a day's bytes go at once, without rewriting; asked for every hour.
export const PART_RETENTION = 'ttl_only_drop_parts = 1, merge_with_ttl_timeout = 3600';

export interface TableSpec {
  columns: string[];
  /** Rows with the same sort key replace each other by this column, by none of them if empty; absent: every row stays. */
  version?: string;
  layout: string;
  settings?: string;
}

/** CREATE TABLE IF NOT EXISTS, on the cluster where there is one. */
export function createTable(options: DdlOptions, name: string, spec: TableSpec): string {
  const onCluster = options.cluster ? ` ON CLUSTER '${options.cluster}'` : '';
  const family = `${spec.version === undefined ? '' : 'Replacing'}MergeTree`;
  const replica = options.cluster
    ? [`'/clickhouse/tables/{shard}/${options.database}/${name}'`, "'{replica}'"]
    : [];
  const engine = `${options.cluster ? 'Replicated' : ''}${family}(${[...replica, ...(spec.version ? [spec.version] : [])].join(', ')})`;
  return [
    `CREATE TABLE IF NOT EXISTS ${options.database}.${name}${onCluster} (`,
    `  ${spec.columns.join(',\n  ')}`,
    `) ENGINE = ${engine}`,
    spec.layout,
    spec.settings ? `SETTINGS ${spec.settings}` : '',
  ].join('\n');
}

export function createDatabase(options: DdlOptions): string {
  const onCluster = options.cluster ? ` ON CLUSTER '${options.cluster}'` : '';
  return `CREATE DATABASE IF NOT EXISTS ${options.database}${onCluster}`;
}

export function createCalls(options: DdlOptions): string {
  return createTable(options, 'calls', {
    columns: [
      ...columnsOf(callFields),
      INSERTED_AT,
      HOUR,
      'INDEX trace_id_index trace_id TYPE bloom_filter(0.01) GRANULARITY 1',
      'INDEX response_hash_index response_hash TYPE bloom_filter(0.01) GRANULARITY 1',
      // Committed with the part, so it can never lag behind the rows: 24 rows a day say which hours have changed.
      'PROJECTION newest (SELECT project, hour, max(inserted_at), count() GROUP BY project, hour)',
    ],
    version: 'version',
    layout: identityLayout(),
    settings: `${PART_RETENTION}, deduplicate_merge_projection_mode = 'rebuild'`,
  });
}

export function createPayloads(options: DdlOptions): string {
  return createTable(options, 'payloads', {
    columns: [...columnsOf(payloadFields), INSERTED_AT, HOUR],
    version: 'version',
    layout: identityLayout('part'),
    settings: PART_RETENTION,
  });
}

export function createScores(options: DdlOptions): string {
  return createTable(options, 'scores', {
    columns: [...columnsOf(scoreFields), INSERTED_AT],
    version: 'version',
    // No partitions: a score that is given again at another time must still meet the one it replaces.
    layout: 'ORDER BY (project, trace_id, span_id, response_hash, response_id, name, source)',
  });
}

export function createKeys(options: DdlOptions): string {
  return createTable(options, 'keys', {
    columns: [
      'key_hash FixedString(32)',
      'project LowCardinality(String)',
      "kind Enum8('ingest' = 1, 'read' = 2)",
      'label String',
      "created_at DateTime64(3, 'UTC') DEFAULT now64(3)",
      "revoked_at Nullable(DateTime64(3, 'UTC'))",
      'version UInt64 DEFAULT toUnixTimestamp64Milli(now64(3))',
    ],
    version: 'version',
    layout: 'ORDER BY key_hash',
  });
}

/** The start of an ALTER of a table, on the cluster where there is one. */
export const alterTable = (options: DdlOptions, table: string): string =>
  `ALTER TABLE ${options.database}.${table}${options.cluster ? ` ON CLUSTER '${options.cluster}'` : ''}`;

/** What a key is named by once its secret is not shown any more; empty for keys of the settings. */
export function addKeyId(options: DdlOptions): string {
  return `${alterTable(options, 'keys')} ADD COLUMN IF NOT EXISTS id String AFTER label`;
}

/** Calls are looked for by their prompt as by their answer; parts that are there already do without. */
export function addPromptIndex(options: DdlOptions): string {
  return `${alterTable(options, 'calls')} ADD INDEX IF NOT EXISTS prompt_hash_index prompt_hash TYPE bloom_filter(0.01) GRANULARITY 1`;
}

/** A rare kind of failure is found without reading what failed otherwise; parts that are there already do without. */
export function addErrorTypeIndex(options: DdlOptions): string {
  return `${alterTable(options, 'calls')} ADD INDEX IF NOT EXISTS error_type_index error_type TYPE set(16) GRANULARITY 1`;
}

/** How long a day has been left alone when its parts are made one. */
const LEFT_ALONE_S = 4 * 3600;

/**
 * A day that no rows come to any more becomes one part: there is nothing left in it to replace, so reading it costs what
 * a table without versions does. (Measured on 3.4 M calls: 70 ms of CPU instead of 550; the merge, once, 2 µs a row.)
 */
export const ONE_PART_DAYS = `min_age_to_force_merge_seconds = ${LEFT_ALONE_S}, min_age_to_force_merge_on_partition_only = 1`;

export function mergeWholeDays(options: DdlOptions, table: 'calls' | 'repeats'): string {
  return `${alterTable(options, table)} MODIFY SETTING ${ONE_PART_DAYS}`;
}

/** Above it a part has files for each column; below, one for all. */
const COMPACT_MAX_BYTES = 64 * 1024 * 1024;
/** How many equal parts are merged at a time, about: ClickHouse's own 5 writes each row a fifth more often. */
const MERGED_PARTS = 8;

/**
 * What inserts and the first merges write lasts for seconds: 160 files for each cost as much as the rows in them. Rows are
 * merged in fewer steps, and without the statistics of every column, which no statement of ours is planned by.
 * (Measured: 4.4 µs of CPU a row inserted instead of 6.4, 10.7 instead of 13.2 with the merges of sustained load.)
 */
export const SPARE_PARTS = `min_bytes_for_wide_part = ${COMPACT_MAX_BYTES}, merge_selector_base = ${MERGED_PARTS}, auto_statistics_types = ''`;

export function spareMerges(options: DdlOptions): string {
  return `${alterTable(options, 'calls')} MODIFY SETTING ${SPARE_PARTS}`;
}

/**
 * Whoever looks up one call reads a block of each of its columns. Smaller than ClickHouse's own 64 KiB they take a
 * twentieth less, and inserts, scans and the disk the same. (Finer granules save as much again, and cost FINAL a tenth.)
 */
const BLOCK_MIN_BYTES = 16 * 1024;

export function smallerBlocks(options: DdlOptions): string {
  return `${alterTable(options, 'calls')} MODIFY SETTING min_compress_block_size = ${BLOCK_MIN_BYTES}`;
}

/** Scores that name the provider's id of an answer are found by it; the others are found by the sort key. */
export function addResponseIdIndex(options: DdlOptions): string {
  return `${alterTable(options, 'scores')} ADD INDEX IF NOT EXISTS response_id_index response_id TYPE bloom_filter(0.01) GRANULARITY 1`;
}

/** Frozen answers of comparisons. They outlast the calls that they were made of, and the first of a name stays. */
export function createSnapshots(options: DdlOptions): string {
  return createTable(options, 'snapshots', {
    columns: [
      'project LowCardinality(String)',
      'name String',
      'query String',
      'answer String CODEC(ZSTD(3))',
      "created_at DateTime64(3, 'UTC')",
      // Falls as time goes on: of one name the highest stays, which is the first.
      'precedence UInt64 MATERIALIZED toUInt64(9000000000000 - toUnixTimestamp64Milli(created_at))',
    ],
    version: 'precedence',
    layout: 'ORDER BY (project, name)',
  });
}

/** Several that are made at once under one name are told apart: the sort key no longer lets one replace another. */
export function addSnapshotId(options: DdlOptions): string {
  return `${alterTable(options, 'snapshots')} ADD COLUMN IF NOT EXISTS id String, MODIFY ORDER BY (project, name, id)`;
}

export const LAG_TABLE = 'ingest_lag';

/** What ingest says every few seconds of the log that it reads. */
export function createIngestLag(options: DdlOptions): string {
  return createTable(options, LAG_TABLE, {
    columns: [
      'topic String',
      'partition UInt32',
      'messages UInt64',
      "reported_at DateTime64(3, 'UTC') DEFAULT now64(3)",
    ],
    version: 'reported_at',
    layout: 'ORDER BY (topic, partition)\nTTL toDateTime(reported_at) + INTERVAL 7 DAY',
  });
}

export function createMigrations(options: DdlOptions): string {
  return createTable(options, 'migrations', {
    columns: ['id UInt32', 'name String', "applied_at DateTime64(3, 'UTC') DEFAULT now64(3)"],
    version: 'applied_at',
    layout: 'ORDER BY id',
  });
}
