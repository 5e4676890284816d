import { ALNUM, DIGIT, is } from '../chars.ts';
import type { Scan } from '../scan.ts';
import { saysPhone } from './phone-words.ts';

/** Fewer digits are no number, unless others are joined to them. */
export const MIN_PHONE_DIGITS = 7;
const MAX_DIGITS = 15;

/** What `read` has read: the digits in all, and the sizes of the groups as hexadecimal digits. */
let total = 0;
let shape = 0;
/** The one character that joined the groups, or -1 if there were several or brackets. */
let joint = 0;

/**
 * International numbers: `+`, a country code, 9 to 15 digits in all, single separators (blank, dash, dot,
 * slash, brackets). Numbers under +1 must have the North American shape, so `+10 000 000` is left alone.
 */
export function internationalPhone(scan: Scan, plus: number): boolean {
  const before = scan.at(plus - 1);
  if (is(before, ALNUM) || before === 43) return false;
  const country = scan.at(plus + 1) === 40 ? plus + 2 : plus + 1;
  const lead = scan.at(country);
  if (lead < 49 || lead > 57 || (lead === 49 && !isAreaStart(scan, country + 1))) return false;
  const isAmerican = lead === 49;
  const end = read(scan, plus + 1, isAmerican ? hasEleven : hasNine, isAmerican ? 11 : MAX_DIGITS);
  return end !== -1 && scan.found('phone', plus, end);
}

const hasEleven = () => total === 11;
const hasNine = () => total >= 9;

/** `(415) 555-0100`, `(030) 1234567`: an area code in brackets. */
export function bracketedPhone(scan: Scan, open: number): boolean {
  const lead = scan.at(open + 1);
  if (!is(lead, DIGIT) || lead === 49 || is(scan.at(open - 1), ALNUM)) return false;
  let close = open + 2;
  while (close < open + 6 && is(scan.at(close), DIGIT)) close++;
  if (scan.at(close) !== 41 || close < open + 3) return false;
  if (lead !== 48 && close !== open + 4) return false;
  const end = lead === 48 ? read(scan, open, isAreaAndNumber, 12) : read(scan, open, isThreeThreeFour, 10);
  return end !== -1 && scan.found('phone', open, end);
}

const isAreaAndNumber = () => total >= 9;
const isThreeThreeFour = () => shape === 0x334;

/**
 * National numbers, from their first digit. Without a word such as `phone` before them only shapes that
 * little else has: `415-555-0100` and `415.555.0100` (with or without `1-`), French pairs, a leading zero
 * with separators and 10 to 12 digits, and `00` with a country code. With such a word: 7 to 15 digits.
 * @param groupEnd end of the digits at `index`, exclusive
 */
export function nationalPhone(scan: Scan, index: number, groupEnd: number): boolean {
  const size = groupEnd - index;
  const before = scan.at(index - 1);
  if (size > MAX_DIGITS || is(before, ALNUM) || before === 95) return false;
  const separator = scan.at(groupEnd);
  const next = scan.at(groupEnd + 1);
  const isJoined = isJoint(separator) && (is(next, DIGIT) || next === 40);
  if (!isJoined && size < MIN_PHONE_DIGITS) return false;
  let end = isJoined ? endOfShape(scan, index, size, separator) : -1;
  if (end === -1 && saysPhone(scan, index)) end = read(scan, index, isAnything, MAX_DIGITS);
  return end !== -1 && scan.found('phone', index, end);
}

const isAnything = () => true;

/** End of a number that shows by its shape what it is, the first group of which is given; -1 if it is none. */
function endOfShape(scan: Scan, index: number, size: number, separator: number): number {
  if (separator !== 32 && separator !== 45 && separator !== 46) return -1;
  const lead = scan.at(index);
  if (lead !== 48) {
    if (separator === 32) return -1;
    if (size === 1) return lead === 49 ? endOfAmerican(scan, index + 2, separator) : -1;
    return size === 3 && scan.at(index + 4) >= 50 ? endOfAmerican(scan, index, separator) : -1;
  }
  if (size === 2) return endOfPairs(scan, index, separator);
  if (size < 3 || separator === 46) return -1;
  const isAbroad = scan.at(index + 1) === 48;
  if (isAbroad && (size < 4 || scan.at(index + 2) === 48)) return -1;
  return isAbroad ? read(scan, index, isAbroadNumber, MAX_DIGITS) : read(scan, index, isTrunkNumber, 12);
}

/** Three, three and four digits with one separator, the first of them 2 or more. */
function endOfAmerican(scan: Scan, start: number, separator: number): number {
  if (scan.at(start) < 50 || scan.at(start + 3) !== separator || scan.at(start + 7) !== separator) return -1;
  const isWhole = hasDigits(scan, start, 3) && hasDigits(scan, start + 4, 3) && hasDigits(scan, start + 8, 4);
  return isWhole && isFree(scan, start + 12) ? start + 12 : -1;
}

/** Five pairs of digits with one separator; more of them before or after would be a dump of bytes. */
function endOfPairs(scan: Scan, index: number, separator: number): number {
  if (scan.at(index + 1) === 48) return -1;
  if (isPairBefore(scan, index, separator)) return -1;
  for (let at = index + 3; at < index + 15; at += 3) {
    if (scan.at(at - 1) !== separator || !hasDigits(scan, at, 2)) return -1;
  }
  const end = index + 14;
  if (scan.at(end) === separator && hasDigits(scan, end + 1, 2)) return -1;
  return isFree(scan, end) ? end : -1;
}

function isPairBefore(scan: Scan, index: number, separator: number): boolean {
  return (
    scan.at(index - 1) === separator && is(scan.at(index - 2), DIGIT) && scan.at(index - 4) === separator
  );
}

const isOneJoint = () => joint === 32 || joint === 45;
const isTrunkNumber = () => total >= 10 && isOneJoint();
/** After `00`, whatever the country. */
const isAbroadNumber = () => total >= 11 && isOneJoint();

function hasDigits(scan: Scan, from: number, count: number): boolean {
  for (let at = from; at < from + count; at++) if (!is(scan.at(at), DIGIT)) return false;
  return true;
}

/**
 * Reads groups of digits and their joints from `from`, at most `most` digits. Returns where the last group ends
 * that completes a number and that nothing is attached to, or -1: `415-555-0100 2 times` is a number and a 2.
 */
function read(scan: Scan, from: number, isComplete: () => boolean, most: number): number {
  let digits = 0;
  let sizes = 0;
  let joined = 0;
  let best = -1;
  let at = scan.at(from) === 40 ? from + 1 : from;
  let last = 0;
  for (;;) {
    const start = at;
    while (at - start <= most && is(scan.at(at), DIGIT)) at++;
    const size = at - start;
    if (size === 0 || digits + size > most) return best;
    if (digits > 0) joined = joined === 0 || joined === last ? last : -1;
    sizes = sizes * 16 + size;
    digits += size;
    if (digits >= MIN_PHONE_DIGITS && isFree(scan, at)) {
      total = digits;
      shape = sizes;
      joint = joined;
      if (isComplete()) best = at;
    }
    last = scan.at(at);
    if (!isJoint(last)) return best;
    at++;
    // One bracket may stand beside a blank or a dash: ') ', ' (', ')-'.
    const next = scan.at(at);
    const isPair = last === 41 ? next === 32 || next === 45 : next === 40;
    if (isPair) at++;
    if (isPair || last === 40 || last === 41) last = -1;
  }
}

/** May stand between the groups of a number. */
export function isJoint(code: number): boolean {
  return code === 32 || (code >= 45 && code <= 47) || code === 40 || code === 41;
}

/** After +1, an area code of 2 or more follows, with or without a separator. */
function isAreaStart(scan: Scan, index: number): boolean {
  let at = index;
  while (at < index + 2 && isJoint(scan.at(at))) at++;
  return scan.at(at) >= 50 && scan.at(at) <= 57;
}

/** Nothing follows that would make the digits part of something longer. */
function isFree(scan: Scan, end: number): boolean {
  const code = scan.at(end);
  if (is(code, ALNUM) || code === 95) return false;
  return !((code === 45 || code === 46 || code === 58 || code === 47) && is(scan.at(end + 1), ALNUM));
}
