/** The `keys` table: hashed keys that may be issued and revoked while processes run. */

import type { Warehouse } from '../seams.ts';
import type { SeedKey } from '../settings/definitions.ts';
import { hashKey, type KeyKind, type StoredKey } from './key-ring.ts';

/** Rows with this label mirror the settings of a running process and open nothing by themselves: removing a key there revokes it. */
const SEEDED = 'settings';

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

/** Keys that were issued through the table and are not revoked. */
export async function issuedKeys(warehouse: Warehouse, database: string): Promise<StoredKey[]> {
  const { rows } = await warehouse.query<{ key_hash_hex: string; project: string; kind: KeyKind }>(
    `SELECT lower(hex(key_hash)) AS key_hash_hex, project, kind
     FROM ${database}.keys FINAL WHERE revoked_at IS NULL AND label != {label:String}`,
    { params: { label: SEEDED } },
  );
  return rows;
}
