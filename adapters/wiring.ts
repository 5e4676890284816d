/** Small steps that several mains take: checks of settings that belong together, keys, listening. */
import type { FastifyInstance } from 'fastify';
import packageJson from '../package.json' with { type: 'json' };
import { createKeyRing, type KeyKind, type KeyRing } from '../schemas/identity/key-ring.ts';
import { issuedKeys } from '../schemas/identity/keys-table.ts';
import type { Log } from '../schemas/log.ts';
import type { Warehouse } from '../schemas/seams.ts';
import type { Settings } from '../schemas/settings/definitions.ts';
import type { Retention } from '../schemas/tables/ddl.ts';
import { createClickhouseWarehouse } from './clickhouse-warehouse.ts';
import { StartError } from './run-process.ts';

export const VERSION: string = packageJson.version;

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;
const KEYS_REFRESH_MS = 30_000;

export function retentionOf(settings: Settings): Retention {
  return {
    payloads_days: settings.retention_payloads_days,
    calls_days: settings.retention_calls_days,
    rollups_days: settings.retention_rollups_days,
  };
}

/** The value of a setting that this part cannot do without. Throws StartError. */
export function required<T>(value: T | undefined, variable: string, why: string): T {
  if (value === undefined) throw new StartError(`${variable} is not set: ${why}.`);
  return value;
}

/** The key that collector and query API of the distributed size have in common. Throws StartError. */
export function sharedHashKey(settings: Settings): string {
  return required(
    settings.hash_key,
    'PLUMBLINE_HASH_KEY',
    'collector and query API need one secret of at least 32 characters in common (openssl rand -hex 32)',
  );
}

/** Without keys everybody is let in, so only this machine may be. Throws StartError. */
export function checkExposure(settings: Settings, kind: KeyKind, keyRing: KeyRing): void {
  if (LOOPBACK.test(settings.host) || keyRing.guards(kind)) return;
  const variable = kind === 'ingest' ? 'PLUMBLINE_INGEST_KEYS' : 'PLUMBLINE_READ_KEYS';
  throw new StartError(
    `PLUMBLINE_HOST is ${settings.host}, which others can reach, and there are no keys: set ${variable} (project=key), or listen on 127.0.0.1.`,
  );
}

export function keyRingOf(settings: Settings): KeyRing {
  return createKeyRing({ ingest: settings.ingest_keys, read: settings.read_keys });
}

/** Reads issued keys now and every half minute; while the database is away the last ones known stay in force. */
export async function followKeysTable(
  warehouse: Warehouse,
  database: string,
  keyRing: KeyRing,
  log: Log,
  refresh_ms = KEYS_REFRESH_MS,
): Promise<{ stop(): void }> {
  const refresh = async (): Promise<void> => {
    try {
      keyRing.load(await issuedKeys(warehouse, database));
    } catch (error) {
      log('warn', 'the keys table could not be read; the last known keys stay in force', {
        error: (error as Error).message,
      });
    }
  };
  await refresh();
  const timer = setInterval(refresh, refresh_ms).unref();
  return { stop: () => clearInterval(timer) };
}

/** Base URL of a server that now listens. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  return app.listen({ host, port });
}

/** Who may write: the user that does everything, or the one that the query API has for what is sent to it. */
function writing(settings: Settings, username: string, password: string): Warehouse {
  return createClickhouseWarehouse({
    url: required(
      settings.clickhouse_url,
      'CLICKHOUSE_URL',
      'this part stores its data in a ClickHouse server',
    ),
    username,
    password,
    database: settings.clickhouse_database,
    settings: { async_insert: 0, throw_on_max_partitions_per_insert_block: 0 },
  });
}

export function writingWarehouse(settings: Settings): Warehouse {
  return writing(settings, settings.clickhouse_user, settings.clickhouse_password);
}

/** What the query API stores with: its own user, else the one that writes; undefined when only one that reads is named. */
export function storingWarehouse(settings: Settings): Warehouse | undefined {
  const { clickhouse_api_user, clickhouse_api_password } = settings;
  if (clickhouse_api_user) return writing(settings, clickhouse_api_user, clickhouse_api_password ?? '');
  const named = settings.clickhouse_user !== 'default' || settings.clickhouse_password !== '';
  return named || settings.clickhouse_read_user === undefined ? writingWarehouse(settings) : undefined;
}

/** Its user should be read-only with readonly=1 and so may change no setting: its limits live in its profile. */
export function readingWarehouse(settings: Settings): Warehouse {
  return createClickhouseWarehouse({
    url: required(settings.clickhouse_url, 'CLICKHOUSE_URL', 'the query API reads from a ClickHouse server'),
    username: settings.clickhouse_read_user ?? settings.clickhouse_user,
    password: settings.clickhouse_read_user
      ? (settings.clickhouse_read_password ?? '')
      : settings.clickhouse_password,
    database: settings.clickhouse_database,
  });
}
