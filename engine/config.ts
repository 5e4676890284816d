/** The engine's configuration as text: pure functions, nothing is read or written here. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

export interface Credentials {
  username: string;
  password: string;
}

export interface EngineConfig {
  /** Directory of the engine's own files and tables. */
  directory: string;
  /** The database that writer and reader are granted. */
  database: string;
  http_port: number;
  /** Cap on the engine's memory; a reader's query may use half of it, a writer's three quarters. */
  max_memory_bytes: number;
  /** A read is cancelled after this long; the reader may ask for less, never for more. */
  max_read_s: number;
  /** Whether an insert waits for the disk, so that it outlasts a power cut and not only a crash. */
  fsync: boolean;
  writer: Credentials;
  reader: Credentials;
  /** Ends the engine in order; used by the supervisor alone. */
  supervisor: Credentials;
}

const MIB = 2 ** 20;

/** Settings of every query, reads and writes: what the SELECTs rely on. A reader may repeat them, not change them. */
const QUERY_SETTINGS = {
  do_not_merge_across_partitions_select_final: 1,
  enable_materialized_cte: 1,
  enable_shared_storage_snapshot_in_query: 1,
  // Compares every pair of comparisons when planning: on the search for repeats that takes longer than the search.
  optimize_and_compare_chain: 0,
};

/** What an HTTP client sets by itself to shape its answer; harmless, so a read-only user may set it too. */
const CHANGEABLE_BY_READER = [
  'enable_http_compression',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'output_format_json_quote_64bit_integers',
  'output_format_json_quote_decimals',
  'date_time_output_format',
];

/** System tables of operation: watermarks and backlogs, part sizes, broken parts, the audit's evidence. */
const WRITER_SYSTEM_TABLES = [
  'asynchronous_metrics',
  'columns',
  'databases',
  'detached_parts',
  'disks',
  'errors',
  'events',
  'merge_tree_settings',
  'merges',
  'metrics',
  'mutations',
  'parts',
  'parts_columns',
  'processes',
  'projection_parts',
  'projections',
  'server_settings',
  'tables',
];

const READER_SYSTEM_TABLES = ['columns', 'databases', 'parts', 'tables'];

const WRITER_PRIVILEGES = [
  'SHOW',
  'SELECT',
  'INSERT',
  'ALTER',
  'CREATE DATABASE',
  'CREATE TABLE',
  'CREATE VIEW',
  'CREATE DICTIONARY',
  'DROP DATABASE',
  'DROP TABLE',
  'DROP VIEW',
  'DROP DICTIONARY',
  'TRUNCATE',
  'OPTIMIZE',
  'CHECK',
  'SYSTEM MERGES',
  'SYSTEM TTL MERGES',
  'SYSTEM CLEANUP',
  'SYSTEM WAIT LOADING PARTS',
  'dictGet',
];

const WRITER_ENGINES = [
  'MergeTree',
  'ReplacingMergeTree',
  'SummingMergeTree',
  'AggregatingMergeTree',
  'Memory',
  'Null',
];

/** Arguments of the command line. The sleep keeps `clickhouse local` up; ending it ends the engine in order. */
export function engineArguments(configPath: string): string[] {
  return [
    'clickhouse',
    '--multiquery',
    `--config-file=${configPath}`,
    '--query',
    `SYSTEM START LISTEN HTTP; ${KEEP_ALIVE_QUERY}`,
  ];
}

const KEEP_ALIVE_QUERY =
  'SELECT sleepEachRow(0.25) FROM numbers(10000000000) SETTINGS max_block_size = 1 FORMAT Null';

/** Counts the statements under way, those of the local session and the supervisor apart. */
export const COUNT_QUERIES = `SELECT count() FROM system.processes WHERE user NOT IN ('', currentUser())`;

/** Ends the query that keeps the engine up. The local session's queries belong to the user ''. */
export const END_QUERY = `KILL QUERY WHERE user = '' ASYNC FORMAT Null`;

/**
 * config.xml: one listener on loopback, no system log tables, pools and caches for a machine of two cores,
 * so that resident memory stays flat.
 */
export function serverConfig(config: EngineConfig): string {
  return document({
    path: join(config.directory, 'data', '/'),
    listen_host: '127.0.0.1',
    http_port: config.http_port,
    users_config: join(config.directory, 'users.xml'),
    'log-level': 'warning',
    logger: {
      log: join(config.directory, 'clickhouse.log'),
      level: 'warning',
      size: '4M',
      count: 1,
      // Failed statements are told to their sender; logged, their text would put data on the disk twice.
      levels: {
        logger: ['executeQuery', 'DynamicQueryHandler', 'HTTPHandler'].map((name) => ({
          name,
          level: 'none',
        })),
      },
    },
    max_server_memory_usage: config.max_memory_bytes,
    mark_cache_size: 64 * MIB,
    index_mark_cache_size: 16 * MIB,
    primary_index_cache_size: 64 * MIB,
    uncompressed_cache_size: 0,
    index_uncompressed_cache_size: 0,
    vector_similarity_index_cache_size: 0,
    text_index_tokens_cache_size: 16 * MIB,
    text_index_header_cache_size: 16 * MIB,
    text_index_postings_cache_size: 32 * MIB,
    compiled_expression_cache_size: 32 * MIB,
    mmap_cache_size: 128,
    max_thread_pool_size: 1000,
    max_active_parts_loading_thread_pool_size: 4,
    max_outdated_parts_loading_thread_pool_size: 2,
    max_parts_cleaning_thread_pool_size: 4,
    background_pool_size: 2,
    background_merges_mutations_concurrency_ratio: 2,
    background_common_pool_size: 2,
    background_schedule_pool_size: 4,
    merge_tree: {
      // The defaults ask for more free slots than this small pool has: a mutation would never begin.
      number_of_free_entries_in_pool_to_execute_mutation: 2,
      number_of_free_entries_in_pool_to_lower_max_size_of_merge: 2,
      number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 2,
      ...(config.fsync ? { fsync_after_insert: 1, fsync_part_directory: 1 } : {}),
    },
    access_control_improvements: {
      select_from_system_db_requires_grant: 'true',
      table_engines_require_grant: 'true',
      settings_constraints_replace_previous: 'true',
    },
  });
}

/** users.xml: who may do what. Passwords stand here as SHA-256 only. */
export function usersConfig(config: EngineConfig): string {
  const database = `\`${config.database}\``;
  return document({
    profiles: {
      default: {},
      // The local session logs in as `default` without a password and from loopback, so others could too.
      // It lasts as long as the engine and is the only one allowed.
      local_session: { max_sessions_for_user: 1 },
      writer: {
        ...QUERY_SETTINGS,
        async_insert: 0,
        throw_on_max_partitions_per_insert_block: 0,
        max_memory_usage: Math.floor(config.max_memory_bytes * 0.75),
      },
      reader: {
        ...QUERY_SETTINGS,
        // The default of 1 MB makes blocks of wide rows so short that handling them takes a third of the time.
        preferred_block_size_bytes: 16 * MIB,
        readonly: 1,
        max_execution_time: config.max_read_s,
        cancel_http_readonly_queries_on_client_close: 1,
        max_memory_usage: Math.floor(config.max_memory_bytes * 0.5),
        constraints: {
          ...Object.fromEntries(CHANGEABLE_BY_READER.map((name) => [name, { changeable_in_readonly: '' }])),
          // 0 would mean no limit, hence the minimum.
          max_execution_time: { min: 1, max: config.max_read_s, changeable_in_readonly: '' },
        },
      },
    },
    quotas: { unlimited: {} },
    users: {
      default: user({ password: '' }, 'local_session', ['GRANT SYSTEM LISTEN ON *.*']),
      [config.writer.username]: user(hashed(config.writer), 'writer', [
        // Not ALL: that would also grant users, roles and sources that bear the database's name.
        `GRANT ${WRITER_PRIVILEGES.join(', ')} ON ${database}.*`,
        ...WRITER_ENGINES.map((engine) => `GRANT TABLE ENGINE ON ${engine}`),
        ...WRITER_SYSTEM_TABLES.map((table) => `GRANT SELECT ON system.${table}`),
      ]),
      [config.reader.username]: user(hashed(config.reader), 'reader', [
        `GRANT SELECT ON ${database}.*`,
        ...READER_SYSTEM_TABLES.map((table) => `GRANT SELECT ON system.${table}`),
      ]),
      [config.supervisor.username]: user(hashed(config.supervisor), 'default', [
        'GRANT KILL QUERY ON *.*',
        'GRANT SELECT ON system.processes',
      ]),
    },
  });
}

function hashed({ password }: Credentials): Record<string, Xml> {
  return { password_sha256_hex: createHash('sha256').update(password).digest('hex') };
}

function user(secret: Record<string, Xml>, profile: string, grants: string[]): Xml {
  return {
    ...secret,
    networks: { ip: ['127.0.0.1', '::1'] },
    profile,
    quota: 'unlimited',
    grants: { query: grants },
  };
}

/** An element's content: text, child elements by name, or several elements of one name. */
type Xml = string | number | { [element: string]: Xml | Xml[] };

function document(root: Xml): string {
  return `<clickhouse>${content(root)}\n</clickhouse>\n`;
}

function content(node: Xml): string {
  if (typeof node !== 'object') return escapeXml(String(node));
  return Object.entries(node)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((item) => [name, item] as const))
    .map(([name, item]) => `\n<${name}>${content(item)}</${name}>`)
    .join('');
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
