import { DIGIT, is, LETTER, LOWER } from '../chars.ts';
import { type Kind, LABEL_OPEN } from '../kinds.ts';
import type { Scan } from '../scan.ts';

/**
 * How much a name proves: after `password` nearly any value is one; a key needs letters and digits;
 * a `token` may count or delimit text, so it must be long too; `sig` is Azure's, in addresses.
 */
type Family = 'password' | 'key' | 'token' | 'signature' | 'authorization';

/** Endings of names, without separators, in lower case. */
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

const BY_LAST: [Family, string][][] = [];
for (const entry of NAMES) {
  const last = entry[1].charCodeAt(entry[1].length - 1);
  BY_LAST[last] = [...(BY_LAST[last] ?? []), entry];
}

/** Values that name or stand for a secret instead of being one; then code and paths. */
const PLACEHOLDER =
  /^(?:null|nil|none|undefined|true|false|str|string|optional|required|redacted|secret|token|password|pwd|passwd|your[-_ ].*|[a-z]+(?:[-_][a-z]+)*[-_](?:password|secret|token|key)|\[[a-z _-]+\]|<.*|\$.*|%.*|\{.*|:.*|[*•.x]+|[\s,:;()[\]{}]+)$/i;
const CODE =
  /^(?:(?:process|os|env|config|settings|self|this|req|args|import)\.[a-z_].*|[a-z_]\w*\[.*|\/[a-z]+\/.*)$/i;
const DOTTED_NAME = /^[a-z_]\w*(?:\.[a-z_]\w*)+$/i;
const PAGE_TOKEN = /(?:page|next|continuation|cancellation|sync)[-_ ]?token["'`]?\s{0,2}$/i;
const SCHEME = /^(?:bearer|basic|token|digest|apikey|api-key|negotiate) {1,3}/i;

/** A label and nothing else, but for line ends, escaped or not. */
const ONLY_LABEL = /^\[REDACTED:\w+\](?:\s|\\+[nrt])*$/;
const ARMOUR = '-----BEGIN';
/** How much of a value is looked at to tell whether it is one. */
const HEAD_CHARS = 64;
const MAX_QUOTED_CHARS = 4096;

/**
 * A value assigned to a name such as `password`, `api_key`, `client_secret`, `AccountKey`, `auth_token` or
 * `Authorization`, with `:` or `=`, quoted or not, as in JSON, YAML, headers, query strings, `.env` files
 * and connection strings. The name stays, the value goes. Look-ups in code (`password = getPassword()`),
 * type names and placeholders are left alone, and so is prose (`password: must be long`).
 */
export function namedSecret(scan: Scan, index: number): boolean {
  let nameEnd = index;
  while (nameEnd > index - 3 && scan.at(nameEnd - 1) === 32) nameEnd--;
  const isQuotedName = isQuote(scan.at(nameEnd - 1));
  if (isQuotedName) nameEnd--;
  const family = familyOf(scan, nameEnd);
  if (family === undefined) return false;

  let from = index + 1;
  const sign = scan.at(index);
  const next = scan.at(from);
  if (sign === 58 ? next === 58 || next === 61 : next === 61) return false;
  if (next === 62) from++;
  const bound = from + 4;
  while (from < bound && (scan.at(from) === 32 || scan.at(from) === 9)) from++;
  const isSpaced = from > index + 1;
  if (family === 'token' && PAGE_TOKEN.test(scan.text.slice(Math.max(0, index - 32), index))) return false;

  const quote = scan.at(from);
  // A key in armour has many lines, and a detector of its own.
  if (scan.text.startsWith(ARMOUR, isQuote(quote) ? from + 1 : from)) return false;
  if (isQuote(quote)) return quoted(scan, family, from + 1, quote);
  if (scan.text.startsWith(LABEL_OPEN, from)) return false;
  if (family === 'authorization') from += SCHEME.exec(scan.text.slice(from, from + 16))?.[0].length ?? 0;
  return unquoted(scan, family, from, sign === 61 && !isSpaced);
}

function quoted(scan: Scan, family: Family, start: number, quote: number): boolean {
  let from = start;
  if (family === 'authorization') from += SCHEME.exec(scan.text.slice(from, from + 16))?.[0].length ?? 0;
  const end = endOfQuoted(scan, start, quote);
  const value = scan.text.slice(from, end);
  if (value.startsWith(LABEL_OPEN) && ONLY_LABEL.test(value)) return false;
  if (PLACEHOLDER.test(value)) return false;
  return holds(family, value) && scan.found(kindOf(family), from, end);
}

/**
 * Where the value that a quote before `start` opens ends. A plain quote is not closed by an escaped one, and
 * other quotes hold no `"`, so that a finding stays inside a string of JSON. Where nothing closes the value
 * on its line, its first word must do.
 */
function endOfQuoted(scan: Scan, start: number, quote: number): number {
  const character = String.fromCharCode(quote);
  const isPlain = !scan.isFolded && !isEscaped(scan, start - 1);
  let close = scan.next(character, start);
  while (isPlain && isEscaped(scan, close)) close = scan.next(character, close + 1);
  const other = quote === 34 ? Number.POSITIVE_INFINITY : scan.next('"', start);
  const isClosed = close - start <= MAX_QUOTED_CHARS && close < Math.min(other, scan.next('\n', start));
  return isClosed ? close : scan.valueEnd(start);
}

function isEscaped(scan: Scan, index: number): boolean {
  let from = index;
  while (scan.at(from - 1) === 92) from--;
  return (index - from) % 2 === 1;
}

function holds(family: Family, value: string): boolean {
  if (family === 'password') return value.length >= 3 && !/^\/[a-z]+\//i.test(value);
  if (value.includes(' ')) return false;
  const hasBoth = /\d/.test(value) && /[a-z]/i.test(value);
  if (family === 'authorization') return value.length >= 6 && hasBoth;
  const isMixed = /[a-z]/.test(value) && /[A-Z]/.test(value);
  return hasBoth ? value.length >= (family === 'key' ? 8 : 12) : isMixed && value.length >= 20;
}

function unquoted(scan: Scan, family: Family, from: number, isTight: boolean): boolean {
  const end = scan.valueEnd(from);
  const length = end - from;
  if (length < 4) return false;
  const hasDigit = scan.valueHas('digit', from);
  const hasLetter = scan.valueHas('letter', from);
  const hasOther = scan.valueHas('other', from);
  const after = scan.at(end);
  // A bracket opens a call; a comma or a closing bracket after a bare word ends an argument in code.
  if (after === 40 || after === 91 || after === 123) return false;
  const head = scan.text.slice(from, Math.min(end, from + HEAD_CHARS));
  if (PLACEHOLDER.test(head) || CODE.test(head)) return false;
  if (family === 'password') {
    if (hasDigit) return length >= 6 && scan.found('secret', from, end);
    if (isTight && after !== 41 && after !== 44 && !/^[a-z]+[._][a-z._]+$/i.test(head)) {
      return length >= 6 && scan.found('secret', from, end);
    }
    return hasOther && length >= 6 && !isProse(head) && scan.found('secret', from, end);
  }
  if (length < HEAD_CHARS && DOTTED_NAME.test(head)) return false;
  const least = family === 'signature' ? 20 : family === 'token' ? 12 : 8;
  return length >= least && hasDigit && hasLetter && scan.found(kindOf(family), from, end);
}

function kindOf(family: Family): Kind {
  return family === 'authorization' ? 'bearer_token' : 'secret';
}

/** A word with a dot, dash or apostrophe in it, or at its end. */
function isProse(head: string): boolean {
  return /^_*[a-z]+(?:[-.'_/][a-z]+)*[-.'_/:!?]?$/i.test(head);
}

/** Reads the name backwards from `end`, past separators inside it. */
function familyOf(scan: Scan, end: number): Family | undefined {
  const last = scan.at(end - 1);
  if (!is(last, LETTER)) return undefined;
  const candidates = BY_LAST[last | 32];
  if (candidates === undefined) return undefined;
  for (const [family, name] of candidates) {
    let at = end - 1;
    let left = name.length - 1;
    while (left >= 0 && at >= scan.floor) {
      const code = scan.at(at);
      if ((code | 32) === name.charCodeAt(left) && is(code, LETTER)) left--;
      else if ((code !== 32 && code !== 45 && code !== 95 && code !== 46) || left === name.length - 1) break;
      else if (at < end - 1 && !is(scan.at(at + 1), LETTER)) break;
      at--;
    }
    if (left >= 0) continue;
    const before = scan.at(at);
    if (family === 'signature' && before !== 38 && before !== 63) continue;
    if (family === 'password' && name === 'pwd' && is(before, LOWER)) continue;
    if (is(before, DIGIT) && family === 'token') continue;
    return family;
  }
  return undefined;
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39 || code === 96;
}
