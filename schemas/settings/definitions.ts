/** Every setting, once: its name, what it accepts, its default and its meaning. Help, README and checks come from here. */
import { z } from 'zod';

export interface Setting<T> {
  /** Name of the environment variable. */
  variable: string;
  schema: z.ZodType<T, unknown>;
  /** As text, for help and the README; absent when there is none. */
  default?: string;
  meaning: string;
  /** A secret may also come from the file that `<variable>_FILE` names, and is never printed. */
  secret?: true;
}

const port = z.coerce.number().int().min(0).max(65_535);
const days = z.coerce.number().int().min(1).max(3_650);
const text = z.string();
const url = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
const bytes = z.coerce.number().int().min(1_024).max(1_073_741_824);
const tokens = z.coerce.number().int().min(0).max(100_000_000);
const share = z.coerce.number().min(0).max(1);
const count = z.coerce.number().int().min(1).max(10_000);
const onOff = z
  .enum(['true', 'false', 'on', 'off', '1', '0'])
  .transform((value) => value === 'true' || value === 'on' || value === '1');
const brokers = z
  .string()
  .transform((value) => value.split(',').map((broker) => broker.trim()))
  .refine((list) => list.every((broker) => /^[^\s:]+:\d+$/.test(broker)), {
    error: 'must be host:port, or several separated by commas',
  });

export interface SeedKey {
  project: string;
  key: string;
}

/** `project=key,project=key`; a project may have several keys. */
const keys = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean)
      .map((entry): SeedKey => {
        const at = entry.indexOf('=');
        return { project: entry.slice(0, Math.max(at, 0)).trim(), key: entry.slice(at + 1).trim() };
      }),
  )
  .refine((list) => list.every(({ project }) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(project)), {
    error:
      'must be project=key, or several separated by commas; a project is letters, digits, ".", "_" and "-"',
  })
  .refine((list) => list.every(({ key }) => key.length >= 16), {
    error: 'each key must have at least 16 characters',
  });

function setting<T>(
  variable: string,
  schema: z.ZodType<T, unknown>,
  meaning: string,
  options: { default?: string; secret?: true } = {},
): Setting<T> {
  return { variable, schema, meaning, ...options };
}

export const definitions = {
  host: setting('PLUMBLINE_HOST', text.min(1), 'address to listen on; any but loopback needs keys', {
    default: '127.0.0.1',
  }),
  otlp_port: setting('PLUMBLINE_OTLP_PORT', port, 'port of the collector (OTLP/HTTP)', { default: '4318' }),
  api_port: setting('PLUMBLINE_API_PORT', port, 'port of the query API', { default: '8080' }),
  api_url: setting(
    'PLUMBLINE_API_URL',
    url.optional(),
    'where commands find the query API; this machine’s PLUMBLINE_API_PORT if absent',
  ),
  api_key: setting('PLUMBLINE_API_KEY', text.min(1).optional(), 'read key that commands ask it with', {
    secret: true,
  }),
  ingest_port: setting('PLUMBLINE_INGEST_PORT', port, 'port of ingest’s health and metrics', {
    default: '8081',
  }),
  data_dir: setting('PLUMBLINE_DATA_DIR', text.min(1), 'where the embedded engine keeps its data', {
    default: '.plumbline',
  }),
  ingest_keys: setting('PLUMBLINE_INGEST_KEYS', keys, 'keys that may write, project=key,…', {
    default: '',
    secret: true,
  }),
  read_keys: setting('PLUMBLINE_READ_KEYS', keys, 'keys that may read, project=key,…', {
    default: '',
    secret: true,
  }),
  hash_key: setting(
    'PLUMBLINE_HASH_KEY',
    z.string().min(32, { error: 'must have at least 32 characters' }).optional(),
    'key of the pseudonyms and hashes, the same for collector and query API; embedded makes one in its data directory',
    { secret: true },
  ),
  user_ids: setting(
    'PLUMBLINE_USER_IDS',
    z.enum(['pseudonym', 'raw', 'drop']),
    'how user ids are stored: pseudonym (keyed hash), raw or drop',
    { default: 'pseudonym' },
  ),
  redact: setting('PLUMBLINE_REDACT', onOff, 'redact content, attributes and error messages: on or off', {
    default: 'on',
  }),
  otlp_max_bytes: setting(
    'PLUMBLINE_OTLP_MAX_BYTES',
    bytes,
    'largest request body in bytes, before and after decompression',
    { default: '20971520' },
  ),
  retention_payloads_days: setting(
    'PLUMBLINE_RETENTION_PAYLOADS_DAYS',
    days,
    'days that redacted inputs and outputs are kept',
    { default: '14' },
  ),
  retention_calls_days: setting('PLUMBLINE_RETENTION_CALLS_DAYS', days, 'days that calls are kept', {
    default: '90',
  }),
  retention_rollups_days: setting(
    'PLUMBLINE_RETENTION_ROLLUPS_DAYS',
    days,
    'days that hourly rollups are kept',
    { default: '400' },
  ),
  prices: setting(
    'PLUMBLINE_PRICES',
    text.min(1).optional(),
    'file of prices that override the bundled table',
  ),
  slice_short_max_tokens: setting(
    'PLUMBLINE_SLICE_SHORT_MAX_TOKENS',
    tokens,
    'slice short: at most so many input tokens',
    { default: '64' },
  ),
  slice_long_thread_min_messages: setting(
    'PLUMBLINE_SLICE_LONG_THREAD_MIN_MESSAGES',
    count,
    'slice long_thread: at least so many messages',
    { default: '12' },
  ),
  slice_long_context_min_share: setting(
    'PLUMBLINE_SLICE_LONG_CONTEXT_MIN_SHARE',
    share,
    'slice long_context: at least this share of the context window, 0 to 1',
    { default: '0.5' },
  ),
  slice_long_context_min_tokens: setting(
    'PLUMBLINE_SLICE_LONG_CONTEXT_MIN_TOKENS',
    tokens,
    'slice long_context where the window is not known: at least so many input tokens',
    { default: '32000' },
  ),
  slice_noisy_min_share: setting(
    'PLUMBLINE_SLICE_NOISY_MIN_SHARE',
    share,
    'slice noisy: at least this share of the prompt is noise, 0 to 1',
    { default: '0.3' },
  ),
  heartbeat_s: setting(
    'PLUMBLINE_HEARTBEAT_S',
    z.coerce.number().int().min(0).max(3_600),
    'seconds between the collector’s own heartbeats through the whole line; 0 sends none',
    { default: '10' },
  ),
  stall_s: setting(
    'PLUMBLINE_STALL_S',
    z.coerce.number().int().min(1).max(86_400),
    'the query API is not ready once the newest heartbeat is so many seconds old',
    { default: '60' },
  ),
  log_level: setting(
    'PLUMBLINE_LOG_LEVEL',
    z.enum(['debug', 'info', 'warn', 'error', 'silent']),
    'least severe log lines to print: debug, info, warn, error or silent',
    { default: 'info' },
  ),
  kafka_brokers: setting('KAFKA_BROKERS', brokers.optional(), 'brokers of the distributed size, host:port,…'),
  kafka_topic: setting(
    'KAFKA_TOPIC',
    z.string().regex(/^[A-Za-z0-9._-]{1,200}$/, { error: 'must be a Kafka topic name' }),
    'topic of the calls; .payloads, .scores and .dead are named after it',
    { default: 'model-calls' },
  ),
  kafka_partitions: setting('KAFKA_PARTITIONS', count, 'partitions of topics that are created', {
    default: '6',
  }),
  kafka_group: setting('KAFKA_GROUP', text.min(1), 'consumer group of ingest', {
    default: 'plumbline-ingest',
  }),
  kafka_ssl: setting('KAFKA_SSL', onOff, 'TLS towards the brokers: on or off', { default: 'off' }),
  kafka_ssl_ca: setting('KAFKA_SSL_CA_FILE', text.min(1).optional(), 'PEM file of the brokers’ authority'),
  kafka_sasl_mechanism: setting(
    'KAFKA_SASL_MECHANISM',
    z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
    'SASL mechanism: plain, scram-sha-256 or scram-sha-512',
  ),
  kafka_sasl_username: setting('KAFKA_SASL_USERNAME', text.optional(), 'SASL user'),
  kafka_sasl_password: setting('KAFKA_SASL_PASSWORD', text.optional(), 'SASL password', { secret: true }),
  clickhouse_url: setting('CLICKHOUSE_URL', url.optional(), 'ClickHouse of the distributed size, over HTTP'),
  clickhouse_user: setting('CLICKHOUSE_USER', text.min(1), 'user that writes', { default: 'default' }),
  clickhouse_password: setting('CLICKHOUSE_PASSWORD', text, 'password of the user that writes', {
    default: '',
    secret: true,
  }),
  clickhouse_api_user: setting(
    'CLICKHOUSE_API_USER',
    text.min(1).optional(),
    'user that the query API stores scores and snapshots with, and erases; CLICKHOUSE_USER if absent',
  ),
  clickhouse_api_password: setting('CLICKHOUSE_API_PASSWORD', text.optional(), 'password of that user', {
    secret: true,
  }),
  clickhouse_read_user: setting(
    'CLICKHOUSE_READ_USER',
    text.min(1).optional(),
    'user that every query runs as; should be read-only',
  ),
  clickhouse_read_password: setting(
    'CLICKHOUSE_READ_PASSWORD',
    text.optional(),
    'password of the reading user',
    {
      secret: true,
    },
  ),
  clickhouse_database: setting(
    'CLICKHOUSE_DATABASE',
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, { error: 'must be letters, digits and "_"' }),
    'database of the tables',
    { default: 'plumbline' },
  ),
  clickhouse_cluster: setting(
    'CLICKHOUSE_CLUSTER',
    z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/)
      .optional(),
    'name of the cluster that tables are replicated over; one server if absent',
  ),
} as const;

type Definitions = typeof definitions;

/** The settings of a process: read once, frozen. */
export type Settings = {
  readonly [Name in keyof Definitions]: Definitions[Name] extends Setting<infer T> ? T : never;
};
