/** The `keys` table: hashed keys that may be issued and revoked while processes run. */
import { randomBytes } from 'node:crypto';
import type { Warehouse } from '../seams.ts';
import type { SeedKey } from '../settings/definitions.ts';
import { hashKey, type KeyKind, type StoredKey } from './key-ring.ts';

/** Rows with this label mirror the settings of a running process and open nothing by themselves: removing a key there revokes it. */
export const SEEDED = 'settings';

/** Records the keys of the settings, so that the table names every key in use. Harmless when repeated. */
export async function recordSeedKeys(
  warehouse: Warehouse,
  database: string,
  seeds: { ingest: readonly SeedKey[]; read: readonly SeedKey[] },
): Promise<void> {
  for (const kind of ['ingest', 'read'] as const) {
    for (const { project, key } of seeds[kind]) {
      await warehouse.command(
        `INSERT INTO ${database}.keys (key_hash, project, kind, label, version)
         SELECT unhex({hash:String}), {project:String}, {kind:String}, {label:String}, 1`,
        { params: { hash: hashKey(key), project, kind, label: SEEDED } },
      );
    }
  }
}

/** Keys that were issued through the table, those that are revoked too. */
export async function issuedKeys(warehouse: Warehouse, database: string): Promise<StoredKey[]> {
  const { rows } = await warehouse.query<StoredKey>(
    `SELECT lower(hex(key_hash)) AS key_hash_hex, project, kind, revoked_at IS NOT NULL AS revoked
     FROM ${database}.keys FINAL WHERE label != {label:String}`,
    { params: { label: SEEDED } },
  );
  return rows.map((row) => ({ ...row, revoked: Boolean(row.revoked) }));
}

export interface ListedKey {
  /** Empty for keys of the settings, which go when they are taken out of there. */
  id: string;
  project: string;
  kind: KeyKind;
  label: string;
  created_at: string;
  revoked_at: string | null;
}

const LISTED = `SELECT id, project, kind, label,
  formatDateTime(k.created_at, '%Y-%m-%dT%H:%i:%SZ') AS created_at,
  formatDateTime(k.revoked_at, '%Y-%m-%dT%H:%i:%SZ') AS revoked_at`;

/** Every key the table names, live ones first, newest first. */
export async function listKeys(warehouse: Warehouse, database: string): Promise<ListedKey[]> {
  const { rows } = await warehouse.query<ListedKey>(
    `${LISTED} FROM ${database}.keys AS k FINAL ORDER BY k.revoked_at IS NOT NULL, k.created_at DESC, id`,
  );
  return rows;
}

const KEY = /^plk_(?:ingest|read)_([0-9a-f]{10})_[A-Za-z0-9_-]{43}$/;

/** The id of a key that was issued here, or the text itself, which then is one. */
export function keyIdOf(text: string): string {
  return KEY.exec(text)?.[1] ?? text;
}

/**
 * Issues a key and gives it: `plk_<kind>_<id>_<256 bits>`. Only its hash is stored, so nobody can be shown it again.
 * Any number may be live at once: a new one goes into use, then the old one is revoked.
 */
export async function createKey(
  warehouse: Warehouse,
  database: string,
  { project, kind, label }: { project: string; kind: KeyKind; label: string },
): Promise<{ id: string; key: string }> {
  const id = randomBytes(5).toString('hex');
  const key = `plk_${kind}_${id}_${randomBytes(32).toString('base64url')}`;
  await warehouse.command(
    `INSERT INTO ${database}.keys (key_hash, project, kind, label, id)
     SELECT unhex({hash:String}), {project:String}, {kind:String}, {label:String}, {id:String}`,
    { params: { hash: hashKey(key), project, kind, label, id } },
  );
  return { id, key };
}

/** Revokes a key; undefined when no issued key has the id. One that is revoked already stays so since then. */
export async function revokeKey(
  warehouse: Warehouse,
  database: string,
  id: string,
): Promise<ListedKey | undefined> {
  const find = async (): Promise<ListedKey | undefined> => {
    const { rows } = await warehouse.query<ListedKey>(
      `${LISTED} FROM ${database}.keys AS k FINAL WHERE id = {id:String} AND id != ''`,
      { params: { id } },
    );
    return rows[0];
  };
  const found = await find();
  if (found === undefined || found.revoked_at !== null) return found;
  await warehouse.command(
    `INSERT INTO ${database}.keys (key_hash, project, kind, label, id, created_at, revoked_at, version)
     SELECT key_hash, project, kind, label, id, created_at, now64(3), version + 1
     FROM ${database}.keys FINAL WHERE id = {id:String} AND revoked_at IS NULL`,
    { params: { id } },
  );
  return find();
}
