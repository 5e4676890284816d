import { DIGIT, is, LETTER, LOWER } from '../chars.ts';
import { endings, readBack } from '../endings.ts';
import type { Scan } from '../scan.ts';

/**
 * How much a name proves: after `password` nearly any value is one; a key needs letters and digits;
 * a `token` may count or delimit text, so it must be long too; `sig` is Azure's, in addresses.
 */
export type Family = 'password' | 'key' | 'token' | 'signature' | 'authorization';

interface Name {
  text: string;
  family: Family;
}

/** Endings of names, without separators. */
const NAMES: Name[] = [
  ...['password', 'passwd', 'pwd', 'passphrase', 'passcode', 'passwort'].map(named('password')),
  ...['secret', 'apikey', 'accesskey', 'secretkey', 'privatekey', 'accountkey'].map(named('key')),
  ...['subscriptionkey', 'encryptionkey', 'signingkey', 'masterkey', 'authkey'].map(named('key')),
  { text: 'token', family: 'token' },
  { text: 'sig', family: 'signature' },
  { text: 'authorization', family: 'authorization' },
];

function named(family: Family): (text: string) => Name {
  return (text) => ({ text, family });
}

const END = endings(NAMES);

/** What the name that ends at `end` (exclusive) says of its value. Walks backwards once, past single separators. */
export function familyOf(scan: Scan, end: number): Family | undefined {
  let read = END;
  for (let at = end - 1; at >= scan.floor; at--) {
    const code = scan.at(at);
    if (is(code, LETTER)) {
      const longer = readBack(read, code);
      if (longer === undefined) return undefined;
      if (longer.word !== undefined)
        return stands(longer.word, scan.at(at - 1)) ? longer.word.family : undefined;
      read = longer;
    } else if (read === END || !isSeparator(code) || !is(scan.at(at + 1), LETTER)) return undefined;
  }
  return undefined;
}

function isSeparator(code: number): boolean {
  return code === 32 || code === 45 || code === 95 || code === 46;
}

/** What stands before the name does not make it another. */
function stands({ family, text }: Name, before: number): boolean {
  if (family === 'signature') return before === 38 || before === 63;
  if (family === 'token') return !is(before, DIGIT);
  return text !== 'pwd' || !is(before, LOWER);
}
