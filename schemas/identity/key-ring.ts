/**
 * Which key opens which project. Keys are held as SHA-256 only: the lookup is by digest, so its time tells nothing
 * about a key that is nearly right.
 */
import { createHash } from 'node:crypto';
import type { SeedKey } from '../settings/definitions.ts';

export type KeyKind = 'ingest' | 'read';

export const DEFAULT_PROJECT = 'default';

export type KeyAnswer =
  | { outcome: 'ok'; project: string }
  /** No key came, and one is needed; or the key is not known. */
  | { outcome: 'missing' | 'unknown' }
  /** The key is known, but for the other kind of use. */
  | { outcome: 'wrong_kind' };

/** A row of the `keys` table. */
export interface StoredKey {
  key_hash_hex: string;
  project: string;
  kind: KeyKind;
  /** It opens nothing any more. */
  revoked: boolean;
}

export interface KeyRing {
  /**
   * Whether there is or was any key of that kind; without any, everything is the default project. Revoked keys guard
   * on: who revokes the last one means to shut the door, not to take it out.
   */
  guards(kind: KeyKind): boolean;
  find(kind: KeyKind, key: string | undefined): KeyAnswer;
  /** Replaces the keys that came from the table; those from the settings stay. */
  load(stored: readonly StoredKey[]): void;
}

export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export function createKeyRing(seeds: { ingest: readonly SeedKey[]; read: readonly SeedKey[] }): KeyRing {
  const seeded: StoredKey[] = (['ingest', 'read'] as const).flatMap((kind) =>
    seeds[kind].map(({ project, key }) => ({ key_hash_hex: hashKey(key), project, kind, revoked: false })),
  );
  const index = (keys: readonly StoredKey[]): Map<string, StoredKey> =>
    new Map(keys.map((key) => [`${key.kind}:${key.key_hash_hex}`, key]));
  let byHash = index(seeded);
  const guarded = new Set<KeyKind>(seeded.map(({ kind }) => kind));
  const guards = (kind: KeyKind): boolean => guarded.has(kind);

  return {
    guards,
    find(kind, key) {
      if (!guards(kind)) return { outcome: 'ok', project: DEFAULT_PROJECT };
      if (key === undefined || key === '') return { outcome: 'missing' };
      const digest = hashKey(key);
      const found = byHash.get(`${kind}:${digest}`);
      if (found) return { outcome: 'ok', project: found.project };
      const other = kind === 'ingest' ? 'read' : 'ingest';
      return { outcome: byHash.has(`${other}:${digest}`) ? 'wrong_kind' : 'unknown' };
    },
    load(stored) {
      for (const { kind } of stored) guarded.add(kind);
      byHash = index([...stored.filter(({ revoked }) => !revoked), ...seeded]);
    },
  };
}

/** The key of a request: `Authorization: Bearer <key>` or `x-api-key`. */
export function keyOfHeaders(headers: Record<string, string | string[] | undefined>): string | undefined {
  const authorization = headers.authorization;
  if (typeof authorization === 'string') {
    const bearer = /^Bearer +(\S+)\s*$/i.exec(authorization);
    if (bearer) return bearer[1];
  }
  const apiKey = headers['x-api-key'];
  return typeof apiKey === 'string' ? apiKey.trim() : undefined;
}
