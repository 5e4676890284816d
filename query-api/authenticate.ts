/** The project of a request: from its key, and from nothing else. */
import type { IncomingHttpHeaders } from 'node:http';
import { type KeyRing, keyOfHeaders } from '../schemas/identity/key-ring.ts';
import { type Project, projectOfKey } from '../schemas/queries/project.ts';
import { Problem } from './problems.ts';

const HOW = 'Send a read key as `Authorization: Bearer <key>` or `x-api-key`.';
const CHALLENGE = { 'www-authenticate': 'Bearer realm="plumbline"' };

/** Throws a Problem where the key does not open a project for reading. */
export function authenticate(keyRing: KeyRing, headers: IncomingHttpHeaders): Project {
  const answer = keyRing.find('read', keyOfHeaders(headers));
  switch (answer.outcome) {
    case 'ok':
      return projectOfKey(answer.project);
    case 'missing':
      throw new Problem('missing-key', { detail: `This route needs a key. ${HOW}`, headers: CHALLENGE });
    case 'unknown':
      throw new Problem('unknown-key', { detail: `The key is not known. ${HOW}`, headers: CHALLENGE });
    case 'wrong_kind':
      throw new Problem('wrong-key', { detail: `The key is an ingest key, which cannot read. ${HOW}` });
  }
}
