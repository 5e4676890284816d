import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { type Credentials, type EngineConfig, serverConfig, usersConfig } from './config.ts';
import { EngineError } from './failure.ts';
import type { EngineOptions } from './types.ts';

const GIB = 2 ** 30;

/** The options with every default filled in, and fresh passwords. */
export function configure(options: EngineOptions, directory: string, http_port: number): EngineConfig {
  return {
    directory,
    http_port,
    database: databaseName(options.database ?? 'plumbline'),
    max_memory_bytes: options.max_memory_bytes ?? Math.floor(Math.min(4 * GIB, availableMemory() / 2)),
    max_read_s: options.max_read_s ?? 30,
    fsync: options.fsync ?? false,
    writer: credentials('writer'),
    reader: credentials('reader'),
    supervisor: credentials('supervisor'),
  };
}

/** Writes the configuration where only this user can read it; returns the path of the main file. */
export function writeConfig(config: EngineConfig): string {
  mkdirSync(join(config.directory, 'data'), { recursive: true, mode: 0o700 });
  const path = join(config.directory, 'config.xml');
  writeFileSync(path, serverConfig(config), { mode: 0o600 });
  writeFileSync(join(config.directory, 'users.xml'), usersConfig(config), { mode: 0o600 });
  return path;
}

/**
 * Passwords are made anew at each start and live in memory: only this process and those it tells need
 * them, and the disk then holds hashes alone. A restart of the engine within a run keeps them.
 */
function credentials(username: string): Credentials {
  return { username, password: randomBytes(32).toString('base64url') };
}

function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function databaseName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) && !['default', 'system'].includes(name)) return name;
  throw new EngineError(
    `The database name "${name}" is not usable; give letters, digits and underscores, other than default or system.`,
  );
}
