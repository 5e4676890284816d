import { ALNUM, DIGIT, is, isOtherLetter, LETTER, LOCAL, WORD } from '../chars.ts';
import type { Scan } from '../scan.ts';

/** `git@github.com:…` names a repository; `this@Activity.view` is code. */
const NOT_PEOPLE = new Set(['git', 'this', 'super']);
const IMAGE = /^[1-9]x\.(?:png|jpe?g|webp|gif|svg)$/i;
const SEMVER = /^\d+\.\d+\.\d/;

/**
 * E-mail addresses, from their `@`. ASCII and Latin, Greek or Cyrillic letters on both sides; a domain
 * needs a dot and ends in letters (`xn--` too), so `root@localhost` and `name@1.2.3` are left alone.
 * Quoted local parts and `name at example dot com` are not covered.
 */
export function email(scan: Scan, at: number): boolean {
  // Neither walk passes another '@', so all walks of a text together stay linear.
  let start = at;
  while (start > scan.floor && isLocal(scan.at(start - 1))) start--;
  while (start < at && !is(scan.at(start), ALNUM) && !isOtherLetter(scan.at(start))) start++;
  if (start === at || scan.at(at - 1) === 46) return false;

  let end = at + 1;
  let lastDot = -1;
  while (isDomain(scan.at(end))) {
    if (scan.at(end) === 46) {
      if (scan.at(end - 1) === 46 || !isLabelStart(scan.at(end + 1))) break;
      lastDot = end;
    }
    end++;
  }
  while (end > at + 1 && is(scan.at(end - 1), WORD) && !is(scan.at(end - 1), ALNUM)) end--;
  if (lastDot <= at + 1 || end - lastDot < 3) return false;
  const top = scan.at(lastDot + 1);
  if (!(is(top, LETTER) || isOtherLetter(top)) || is(scan.at(lastDot + 2), DIGIT)) return false;
  if (scan.at(end) === 40 && scan.at(end + 1) === 41) return false;
  if (at - start >= 3 && at - start <= 5 && NOT_PEOPLE.has(scan.text.slice(start, at))) return false;
  if (is(scan.at(at + 1), DIGIT)) {
    const domain = scan.text.slice(at + 1, Math.min(end, at + 40));
    if (IMAGE.test(domain) || SEMVER.test(domain)) return false;
  }
  return scan.found('email', start, end);
}

function isLocal(code: number): boolean {
  return is(code, WORD | LOCAL) || isOtherLetter(code);
}

function isLabelStart(code: number): boolean {
  return is(code, ALNUM) || isOtherLetter(code);
}

function isDomain(code: number): boolean {
  return code === 46 || code === 45 || isLabelStart(code);
}
