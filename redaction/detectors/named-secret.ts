import { DIGIT, is, LOWER, UPPER } from '../chars.ts';
import { type Kind, LABEL_OPEN } from '../kinds.ts';
import { BACK_QUOTE, DOUBLE_QUOTE, LINE_END, type Scan, SINGLE_QUOTE } from '../scan.ts';
import { type Family, familyOf } from './secret-names.ts';

/** Values that name or stand for a secret instead of being one; then code and paths. */
const PLACEHOLDER =
  /^(?:null|nil|none|undefined|true|false|str|string|optional|required|redacted|secret|token|password|pwd|passwd|your[-_ ].*|[a-z]+(?:[-_][a-z]+)*[-_](?:password|secret|token|key)|\[[a-z _-]+\]|<.*|\$.*|%.*|\{.*|:.*|[*•.x]+|[\s,:;()[\]{}]+)$/i;
const CODE =
  /^(?:(?:process|os|env|config|settings|self|this|req|args|import)\.[a-z_].*|[a-z_]\w*\[.*|\/[a-z]+\/.*)$/i;
const DOTTED_NAME = /^[a-z_]\w*(?:\.[a-z_]\w*)+$/i;
const SNAKE_OR_DOTTED = /^[a-z]+[._][a-z._]+$/i;
/** A word with a dot, dash or apostrophe in it, or at its end. */
const PROSE = /^_*[a-z]+(?:[-.'_/][a-z]+)*[-.'_/:!?]?$/i;
/** A pattern that tells what a password looks like. */
const PATTERN = /^\/[a-z]+\//i;
const PAGE_TOKEN = /(?:page|next|continuation|cancellation|sync)[-_ ]?token["'`]?\s{0,2}$/i;
const SCHEME = /^(?:bearer|basic|token|digest|apikey|api-key|negotiate) {1,3}/i;

/** A label and nothing else, but for line ends, escaped or not. */
const ONLY_LABEL = /^\[REDACTED:\w+\](?:\s|\\+[nrt])*$/;
const ARMOUR = '-----BEGIN';
/** How much of a value is looked at to tell whether it is one. */
const HEAD_CHARS = 64;
const MAX_QUOTED_CHARS = 4096;
/** The shortest value without quotes that is one. */
const LEAST_CHARS = { password: 6, key: 8, token: 12, signature: 20, authorization: 8 };

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
  const isTight = sign === 61 && from === index + 1;

  const quote = scan.at(from);
  const first = isQuote(quote) ? scan.at(from + 1) : quote;
  // A key in armour has many lines, and a detector of its own.
  if (first === 45 && scan.text.startsWith(ARMOUR, isQuote(quote) ? from + 1 : from)) return false;
  const isFound = isQuote(quote)
    ? quoted(scan, family, from + 1, quote)
    : unquoted(scan, family, from, isTight);
  return isFound && !(family === 'token' && PAGE_TOKEN.test(scan.text.slice(Math.max(0, index - 32), index)));
}

function quoted(scan: Scan, family: Family, start: number, quote: number): boolean {
  const from = family === 'authorization' ? afterScheme(scan, start) : start;
  const end = endOfQuoted(scan, start, quote);
  if (end - from < 3 || (family !== 'password' && !looksRandom(scan, family, from, end))) return false;
  if (scan.labelEnd(from) === end) return false;
  const value = scan.text.slice(from, end);
  if (scan.at(from) === 91 && value.startsWith(LABEL_OPEN) && ONLY_LABEL.test(value)) return false;
  if (family === 'password' && scan.at(from) === 47 && PATTERN.test(value)) return false;
  return !PLACEHOLDER.test(value) && scan.found(kindOf(family), from, end);
}

function afterScheme(scan: Scan, from: number): number {
  return from + (SCHEME.exec(scan.text.slice(from, from + 16))?.[0].length ?? 0);
}

/**
 * Where the value that a quote before `start` opens ends. A plain quote is not closed by an escaped one, and
 * other quotes hold no `"`, so that a finding stays inside a string of JSON. Where nothing closes the value
 * on its line, its first word must do.
 */
function endOfQuoted(scan: Scan, start: number, quote: number): number {
  const needle = quote === 34 ? DOUBLE_QUOTE : quote === 39 ? SINGLE_QUOTE : BACK_QUOTE;
  const isPlain = !scan.isFolded && !isEscaped(scan, start - 1);
  let close = scan.next(needle, start);
  while (isPlain && isEscaped(scan, close)) close = scan.next(needle, close + 1);
  const isClosed =
    close - start <= MAX_QUOTED_CHARS &&
    close < scan.next(LINE_END, start) &&
    (quote === 34 || close < scan.next(DOUBLE_QUOTE, start));
  return isClosed ? close : scan.valueEnd(start);
}

function isEscaped(scan: Scan, index: number): boolean {
  let from = index;
  while (scan.at(from - 1) === 92) from--;
  return (index - from) % 2 === 1;
}

/** What a quote holds is long and mixed enough for a key or a token, and one word. */
function looksRandom(scan: Scan, family: Family, from: number, end: number): boolean {
  let seen = 0;
  for (let at = from; at < end; at++) {
    const code = scan.at(at);
    if (code === 32) return false;
    seen |= is(code, DIGIT) ? DIGIT : is(code, LOWER) ? LOWER : is(code, UPPER) ? UPPER : 0;
  }
  const length = end - from;
  const hasBoth = (seen & DIGIT) !== 0 && (seen & (LOWER | UPPER)) !== 0;
  if (family === 'authorization') return length >= 6 && hasBoth;
  if (hasBoth) return length >= (family === 'key' ? 8 : 12);
  return seen === (LOWER | UPPER) && length >= 20;
}

function unquoted(scan: Scan, family: Family, start: number, isTight: boolean): boolean {
  if (scan.at(start) === 91 && scan.text.startsWith(LABEL_OPEN, start)) return false;
  const from = family === 'authorization' ? afterScheme(scan, start) : start;
  const end = scan.valueEnd(from);
  const length = end - from;
  const least = LEAST_CHARS[family];
  if (length < least) return false;
  const hasDigit = scan.valueHas('digit', from);
  if (family !== 'password' && !(hasDigit && scan.valueHas('letter', from))) return false;
  const after = scan.at(end);
  // A bracket opens a call; a comma or a closing bracket after a bare word ends an argument in code.
  if (after === 40 || after === 91 || after === 123) return false;
  const isArgument = after === 41 || after === 44;
  const hasOther = scan.valueHas('other', from);
  if (family === 'password' && !hasDigit && !hasOther && (!isTight || isArgument)) return false;
  const head = scan.text.slice(from, Math.min(end, from + HEAD_CHARS));
  if (PLACEHOLDER.test(head) || CODE.test(head)) return false;
  if (family !== 'password') {
    if (length < HEAD_CHARS && hasOther && DOTTED_NAME.test(head)) return false;
  } else if (!hasDigit) {
    const isBare = isTight && !isArgument && !SNAKE_OR_DOTTED.test(head);
    if (!isBare && (!hasOther || PROSE.test(head))) return false;
  }
  return scan.found(kindOf(family), from, end);
}

function kindOf(family: Family): Kind {
  return family === 'authorization' ? 'bearer_token' : 'secret';
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39 || code === 96;
}
