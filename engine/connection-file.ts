/**
 * How commands reach an engine that a running process owns: its address and passwords, in the data directory, readable
 * by its owner alone, for as long as the process runs. Passwords are made anew at each start, so a stale file opens nothing.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credentials } from './config.ts';

export interface EngineConnection {
  url: string;
  database: string;
  writer: Credentials;
  reader: Credentials;
}

const fileOf = (data_dir: string): string => join(data_dir, 'engine', 'connection.json');

export function writeConnection(data_dir: string, { url, database, writer, reader }: EngineConnection): void {
  const text = JSON.stringify({ url, database, writer, reader });
  rmSync(fileOf(data_dir), { force: true });
  writeFileSync(fileOf(data_dir), text, { mode: 0o600, flag: 'wx' });
}

/** Undefined where no process has left one. */
export function readConnection(data_dir: string): EngineConnection | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(data_dir), 'utf8')) as EngineConnection;
  } catch {
    return undefined;
  }
}

export function removeConnection(data_dir: string): void {
  rmSync(fileOf(data_dir), { force: true });
}
