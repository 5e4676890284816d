import { ALNUM, DIGIT, is, LETTER } from '../chars.ts';
import type { Scan } from '../scan.ts';

/** Words that, right before a number, say that it is a telephone number. Tested on a few characters only. */
const SAYS_PHONE =
  /(?:phone|mobile|whatsapp|(?:^|[^a-z])(?:tel|cell|fax|sms|call|dial|ring))(?:[ _]?(?:number|num|no|nr|me|us|at|on|is|to))*[^a-z0-9]{0,6}$/;
const CONTEXT_CHARS = 32;
/** What may join the numbers of a list: as much as may follow a word, less the bracket that closes a label. */
const MAX_LIST_CHARS = 5;
const MAX_DIGITS = 15;

/** What `read` has read: the digits in all, the size of the first group, and all sizes as hexadecimal digits. */
let total = 0;
let first = 0;
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
  const end = read(scan, plus + 1, lead === 49 ? isAmerican : isInternational);
  return end !== -1 && scan.found('phone', plus, end);
}

const isAmerican = () => total === 11;
const isInternational = () => total >= 9;

/** `(415) 555-0100`, `(030) 1234567`: an area code in brackets. */
export function bracketedPhone(scan: Scan, open: number): boolean {
  if (!is(scan.at(open + 1), DIGIT) || is(scan.at(open - 1), ALNUM)) return false;
  let close = open + 2;
  while (close < open + 6 && is(scan.at(close), DIGIT)) close++;
  if (scan.at(close) !== 41 || close < open + 3) return false;
  const end = read(scan, open, isBracketed);
  return end !== -1 && scan.found('phone', open, end);
}

function isBracketed(scan: Scan, open: number): boolean {
  const lead = scan.at(open + 1);
  return lead === 48 ? total >= 9 && total <= 12 : shape === 0x334 && lead >= 50;
}

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
  if (!isJoined && size < 7) return false;
  const lead = scan.at(index);
  const isPlain = separator === 32 || separator === 45 || separator === 46;
  const isAmericanStart = separator !== 32 && (size === 3 || (size === 1 && lead === 49));
  const mayStandAlone = isJoined && isPlain && (lead === 48 || isAmericanStart);
  let end = mayStandAlone ? read(scan, index, isNational) : -1;
  if (end === -1 && saysPhone(scan, index)) end = read(scan, index, isLongEnough);
  return end !== -1 && scan.found('phone', index, end);
}

const isLongEnough = () => total >= 7;

function isNational(scan: Scan, index: number): boolean {
  const lead = scan.at(index);
  const second = scan.at(index + 1);
  if (joint === -1 || joint === 47) return false;
  if (shape === 0x334 && lead >= 50) return joint !== 32 && scan.at(index + 4) >= 50;
  if (shape === 0x1334 && lead === 49) return joint !== 32 && scan.at(index + 2) >= 50;
  if (lead !== 48 || joint === 0) return false;
  if (shape === 0x22222) return second !== 48 && !isAmongPairs(scan, index);
  if (joint === 46 || first < 3) return false;
  if (second === 48) return first >= 4 && scan.at(index + 2) !== 48 && total >= 11;
  return total >= 10 && total <= 12;
}

/** Pairs of digits go on before or after these five, as in a dump of bytes. */
function isAmongPairs(scan: Scan, index: number): boolean {
  const after = index + 14;
  if (scan.at(after) === joint && is(scan.at(after + 1), DIGIT) && is(scan.at(after + 2), DIGIT)) return true;
  return scan.at(index - 1) === joint && is(scan.at(index - 2), DIGIT) && scan.at(index - 4) === joint;
}

/**
 * Reads groups of digits and their joints from `from`, at most 15 digits. Returns where the last group ends
 * that completes a number and that nothing is attached to, or -1: `415-555-0100 2 times` is a number and a 2.
 */
function read(scan: Scan, from: number, isComplete: (scan: Scan, from: number) => boolean): number {
  total = first = shape = joint = 0;
  let best = -1;
  let at = scan.at(from) === 40 ? from + 1 : from;
  let last = 0;
  for (;;) {
    let size = 0;
    while (size <= MAX_DIGITS && is(scan.at(at + size), DIGIT)) size++;
    if (size === 0 || total + size > MAX_DIGITS) return best;
    if (total === 0) first = size;
    else joint = joint === 0 || joint === last ? last : -1;
    shape = shape * 16 + size;
    total += size;
    at += size;
    if (isComplete(scan, from) && isFree(scan, at)) best = at;
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

function isJoint(code: number): boolean {
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

function saysPhone(scan: Scan, index: number): boolean {
  if (followsPhone(scan, index)) return true;
  let at = index - 1;
  while (at > index - 7 && at >= scan.floor && !is(scan.at(at), LETTER)) at--;
  if (!is(scan.at(at), LETTER)) return false;
  const from = Math.max(scan.floor, index - CONTEXT_CHARS);
  return SAYS_PHONE.test(scan.text.slice(from, index).toLowerCase());
}

/**
 * The number is the next of a list. Once labelled, the number before would say `phone` to the next pass; seen
 * here, a list takes one pass and not one for each of its numbers, of which there may be too many.
 */
function followsPhone(scan: Scan, index: number): boolean {
  if (index - scan.floor > MAX_LIST_CHARS || scan.spans?.at(-1)?.kind !== 'phone') return false;
  let isList = false;
  for (let at = scan.floor; at < index; at++) {
    const code = scan.at(at);
    if (code === 44 || code === 59 || code === 124 || code === 10) isList = true;
    else if (code !== 32) return false;
  }
  return isList;
}
