import { DIGIT, is, LETTER, LOWER } from '../chars.ts';
import type { Scan } from '../scan.ts';

/**
 * How much a name proves: after `password` nearly any value is one; a key needs letters and digits;
 * a `token` may count or delimit text, so it must be long too; `sig` is Azure's, in addresses.
 */
export type Family = 'password' | 'key' | 'token' | 'signature' | 'authorization';

/** Endings of names, without separators, in lower case. None ends another. */
const NAMES: [Family, string][] = [
  ...['password', 'passwd', 'pwd', 'passphrase', 'passcode', 'passwort'].map(named('password')),
  ...['secret', 'apikey', 'accesskey', 'secretkey', 'privatekey', 'accountkey'].map(named('key')),
  ...['subscriptionkey', 'encryptionkey', 'signingkey', 'masterkey', 'authkey'].map(named('key')),
  ['token', 'token'],
  ['signature', 'sig'],
  ['authorization', 'authorization'],
];

function named(family: Family): (name: string) => [Family, string] {
  return (name) => [family, name];
}

/** A letter of the names read backwards: what may stand before it, by letter, and the name that begins with it. */
interface Letter {
  before: (Letter | undefined)[];
  name: { family: Family; text: string } | undefined;
}

function letter(): Letter {
  return { before: new Array(26).fill(undefined), name: undefined };
}

const END = letter();
for (const [family, text] of NAMES) {
  let at = END;
  for (let i = text.length - 1; i >= 0; i--) at = at.before[text.charCodeAt(i) - 97] ??= letter();
  at.name = { family, text };
}

/** What the name that ends at `end` (exclusive) says of its value. Walks backwards once, past single separators. */
export function familyOf(scan: Scan, end: number): Family | undefined {
  let read = END;
  for (let at = end - 1; at >= scan.floor; at--) {
    const code = scan.at(at);
    if (is(code, LETTER)) {
      const longer = read.before[(code | 32) - 97];
      if (longer === undefined) return undefined;
      if (longer.name !== undefined) return stands(longer.name, scan.at(at - 1)) ? longer.name.family : undefined;
      read = longer;
    } else if (read === END || !isSeparator(code) || !is(scan.at(at + 1), LETTER)) return undefined;
  }
  return undefined;
}

function isSeparator(code: number): boolean {
  return code === 32 || code === 45 || code === 95 || code === 46;
}

/** What stands before the name does not make it another. */
function stands({ family, text }: { family: Family; text: string }, before: number): boolean {
  if (family === 'signature') return before === 38 || before === 63;
  if (family === 'token') return !is(before, DIGIT);
  return text !== 'pwd' || !is(before, LOWER);
}
