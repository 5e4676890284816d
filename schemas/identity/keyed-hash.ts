/**
 * Pseudonyms and text hashes, keyed: a plain SHA-256 of a phone number is reversed in a second. The project is
 * hashed along, so equal texts of two tenants do not meet.
 */
import { createHash, createHmac } from 'node:crypto';

export interface KeyedHash {
  /** The stored form of a user's id: `u_` and 32 hex digits. */
  pseudonym(project: string, userId: string): string;
  /** 32 bytes for a text's SHA-256. */
  ofSha256(project: string, sha256: Uint8Array): Uint8Array;
  /** 32 bytes for a text. */
  ofText(project: string, text: string): Uint8Array;
}

/** Users come back from call to call; a pseudonym costs microseconds, looking it up a tenth of one. */
const PSEUDONYMS_KEPT_MAX = 20_000;

export function createKeyedHash(key: string): KeyedHash {
  const pseudonyms = new Map<string, Map<string, string>>();
  let kept = 0;
  const hmac = (purpose: string, project: string, data: string | Uint8Array): Buffer =>
    createHmac('sha256', key).update(`${purpose}\0${project}\0`).update(data).digest();
  const ofSha256 = (project: string, sha256: Uint8Array): Uint8Array => hmac('text', project, sha256);
  return {
    pseudonym(project, userId) {
      let ofProject = pseudonyms.get(project);
      const known = ofProject?.get(userId);
      if (known !== undefined) return known;
      if (kept >= PSEUDONYMS_KEPT_MAX) {
        pseudonyms.clear();
        kept = 0;
        ofProject = undefined;
      }
      if (ofProject === undefined) {
        ofProject = new Map();
        pseudonyms.set(project, ofProject);
      }
      const made = `u_${hmac('user', project, userId).toString('hex', 0, 16)}`;
      ofProject.set(userId, made);
      kept++;
      return made;
    },
    ofSha256,
    ofText: (project, text) => ofSha256(project, createHash('sha256').update(text).digest()),
  };
}
