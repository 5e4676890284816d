import { is, LETTER, TOKEN68, WORD } from '../chars.ts';
import type { Scan } from '../scan.ts';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * `Bearer <token>` and `Basic <base64>` wherever they stand, from their `B`. A bearer token needs 8
 * characters with a digit among them, or 24 of any sort, so `bearer authentication` is left alone;
 * what follows `Basic` must decode to `name:password`.
 */
export function bearerToken(scan: Scan, index: number): boolean {
  const second = scan.at(index + 1) | 32;
  if (second !== 101 && second !== 97) return false;
  if (is(scan.at(index - 1), LETTER)) return false;
  const isBearer = second === 101;
  const word = isBearer ? 6 : 5;
  if (scan.at(index + word) !== 32) return false;
  if (scan.text.slice(index, index + word).toLowerCase() !== (isBearer ? 'bearer' : 'basic')) return false;
  let start = index + word + 1;
  while (scan.at(start) === 32 && start < index + word + 4) start++;

  let end = start;
  let hasDigit = false;
  for (; is(scan.at(end), WORD | TOKEN68); end++) hasDigit ||= scan.at(end) <= 57 && scan.at(end) >= 48;
  while (end > start && scan.at(end - 1) === 46) end--;
  const length = end - start;
  if (length < 8) return false;
  const isToken = isBearer ? hasDigit || length >= 24 : isNameAndPassword(scan.text.slice(start, start + 64));
  return isToken && scan.found('bearer_token', start, end);
}

function isNameAndPassword(encoded: string): boolean {
  let bits = 0;
  let held = 0;
  let hasColon = false;
  for (const character of encoded) {
    const value = BASE64.indexOf(character);
    if (value === -1) break;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    const byte = (bits >> held) & 0xff;
    if (byte < 32) return false;
    if (byte === 58) hasColon = true;
  }
  return hasColon;
}
