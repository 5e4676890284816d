import { ALNUM, DIGIT, is } from '../chars.ts';
import type { Scan } from '../scan.ts';

const digits = new Uint8Array(19);

/**
 * Payment cards: 13 to 19 digits with an issuer's prefix, a length that issuer uses and a valid Luhn digit;
 * in one piece, or as groups that open with four digits and are joined by one kind of separator (blank or
 * dash). Digits after a decimal point or inside a word are left alone.
 * @param end end of the digits at `index`, exclusive
 */
export function card(scan: Scan, index: number, end: number): boolean {
  const length = end - index;
  const before = scan.at(index - 1);
  if (length !== 4 && (length < 13 || length > 19)) return false;
  if (is(before, ALNUM) || (before === 46 && is(scan.at(index - 2), DIGIT))) return false;
  const separator = scan.at(end);
  if (length === 4 && separator !== 32 && separator !== 45) return false;

  let count = 0;
  let best = -1;
  let at = index;
  for (;;) {
    while (is(scan.at(at), DIGIT)) {
      if (count === 19) return best !== -1 && scan.found('card', index, best);
      digits[count++] = scan.at(at++) - 48;
    }
    const free = !is(scan.at(at), ALNUM) && !(scan.at(at) === 46 && is(scan.at(at + 1), DIGIT));
    if (count >= 13 && free && isCard(count)) best = at;
    if (length !== 4 || scan.at(at) !== separator || !is(scan.at(at + 1), DIGIT)) break;
    at++;
  }
  return best !== -1 && scan.found('card', index, best);
}

function isCard(count: number): boolean {
  const four = digits[0]! * 1000 + digits[1]! * 100 + digits[2]! * 10 + digits[3]!;
  return hasIssuer(four, count) && luhn(count);
}

function hasIssuer(four: number, length: number): boolean {
  const two = Math.trunc(four / 100);
  const long = length >= 16;
  if (four >= 4000 && four <= 4999) return length === 13 || length === 16 || length === 19;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return length === 16;
  if (two === 34 || two === 37) return length === 15;
  if (two === 36 || two === 38 || two === 39 || (four >= 3000 && four <= 3059)) return length === 14 || long;
  if (four >= 3528 && four <= 3589) return long;
  if (two === 60 || two === 62 || two === 65 || (four >= 6440 && four <= 6499)) return long;
  if (four >= 2200 && four <= 2204) return long;
  return four === 5018 || four === 5020 || four === 5038 || four === 6304 || (four >= 6759 && four <= 6763);
}

function luhn(count: number): boolean {
  let sum = 0;
  for (let i = count - 1, double = false; i >= 0; i--, double = !double) {
    const digit = digits[i]!;
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return sum % 10 === 0;
}
