import { ALNUM, DIGIT, is } from '../chars.ts';
import type { Scan } from '../scan.ts';
import { DigitGroups } from './digit-groups.ts';

const MIN_DIGITS = 13;
const MAX_DIGITS = 19;

/** Digits in one piece are joined by nothing. */
const NONE = -1;
/** Apart, since a piece among the groups of a run would have the run read again behind it, and again. */
const inOnePiece = new DigitGroups();
const inGroups = new DigitGroups();

/** By a card's first four digits: the lengths its issuer uses, bit 0 for 13 digits. Zero for most. */
const LENGTHS = new Uint8Array(10_000);
const LONG = [16, 17, 18, 19];
const ANY = [13, 14, 15, ...LONG];

function issue(from: number, to: number, lengths: number[]): void {
  const bits = lengths.reduce((sum, length) => sum | (1 << (length - MIN_DIGITS)), 0);
  LENGTHS.fill(bits, from, to + 1);
}

issue(4000, 4999, [13, 16, 19]);
issue(5100, 5599, [16]);
issue(2221, 2720, [16]);
for (const two of [34, 37]) issue(two * 100, two * 100 + 99, [15]);
for (const two of [36, 38, 39]) issue(two * 100, two * 100 + 99, [14, ...LONG]);
issue(3000, 3059, [14, ...LONG]);
issue(3528, 3589, LONG);
for (const two of [60, 62, 65]) issue(two * 100, two * 100 + 99, LONG);
issue(6440, 6499, LONG);
issue(2200, 2204, LONG);
for (const four of [5018, 5020, 5038, 6304]) issue(four, four, ANY);
issue(6759, 6763, ANY);

/**
 * Payment cards: 13 to 19 digits with an issuer's prefix, a length that issuer uses and a valid Luhn digit;
 * in one piece, or as groups that open with four digits and are joined by one kind of separator (blank or
 * dash). Digits after a decimal point or inside a word are left alone.
 * @param end end of the digits at `index`, exclusive
 */
export function card(scan: Scan, index: number, end: number): boolean {
  const length = end - index;
  if (length !== 4 && (length < MIN_DIGITS || length > MAX_DIGITS)) return false;
  const separator = scan.at(end);
  if (length === 4 && ((separator !== 32 && separator !== 45) || !is(scan.at(end + 1), DIGIT))) return false;
  const lengths = LENGTHS[firstFour(scan, index)]!;
  if (lengths === 0) return false;
  const before = scan.at(index - 1);
  if (is(before, ALNUM) || (before === 46 && is(scan.at(index - 2), DIGIT))) return false;

  const groups = length === 4 ? inGroups : inOnePiece;
  const first = groups.at(scan, index, length === 4 ? separator : NONE, MAX_DIGITS);
  let best = -1;
  for (let last = first; last < groups.count; last++) {
    const digits = groups.digits[last + 1]! - groups.digits[first]!;
    if (digits > MAX_DIGITS) break;
    const isLength = digits >= MIN_DIGITS && (lengths & (1 << (digits - MIN_DIGITS))) !== 0;
    if (isLength && groups.isLuhn(first, last) && isFree(scan, groups.ends[last]!)) best = groups.ends[last]!;
  }
  return best !== -1 && scan.found('card', index, best);
}

function firstFour(scan: Scan, index: number): number {
  const thousands = scan.at(index) * 1000 + scan.at(index + 1) * 100;
  return thousands + scan.at(index + 2) * 10 + scan.at(index + 3) - 48 * 1111;
}

/** Neither a word nor a decimal fraction goes on here. */
function isFree(scan: Scan, end: number): boolean {
  const code = scan.at(end);
  return !is(code, ALNUM) && !(code === 46 && is(scan.at(end + 1), DIGIT));
}
