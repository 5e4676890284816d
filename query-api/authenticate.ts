/** The project of a request: from its key, and from nothing else. */
import type { IncomingHttpHeaders } from 'node:http';
import { type KeyKind, type KeyRing, keyOfHeaders } from '../schemas/identity/key-ring.ts';
import { type Project, projectOfKey } from '../schemas/queries/project.ts';
import { Problem } from './problems.ts';

const HOW = {
  read: 'Send a read key as `Authorization: Bearer <key>` or `x-api-key`.',
  ingest: 'Send an ingest key as `Authorization: Bearer <key>` or `x-api-key`.',
};
const WRONG = {
  read: 'The key is an ingest key, which cannot read.',
  ingest: 'The key is a read key, which cannot write.',
};
const CHALLENGE = { 'www-authenticate': 'Bearer realm="plumbline"' };

/** Throws a Problem where the key does not open a project for reading, or for writing (`ingest`). */
export function authenticate(
  keyRing: KeyRing,
  headers: IncomingHttpHeaders,
  kind: KeyKind = 'read',
): Project {
  // Where reading is guarded, writing is not open to all because no ingest key is known here.
  if (kind === 'ingest' && !keyRing.guards('ingest') && keyRing.guards('read')) {
    const detail = `No ingest key is known to this query API (PLUMBLINE_INGEST_KEYS, or the keys table). ${HOW.ingest}`;
    throw new Problem('unknown-key', { detail, headers: CHALLENGE });
  }
  const answer = keyRing.find(kind, keyOfHeaders(headers));
  switch (answer.outcome) {
    case 'ok':
      return projectOfKey(answer.project);
    case 'missing':
      throw new Problem('missing-key', {
        detail: `This route needs a key. ${HOW[kind]}`,
        headers: CHALLENGE,
      });
    case 'unknown':
      throw new Problem('unknown-key', { detail: `The key is not known. ${HOW[kind]}`, headers: CHALLENGE });
    case 'wrong_kind':
      throw new Problem('wrong-key', { detail: `${WRONG[kind]} ${HOW[kind]}` });
  }
}
