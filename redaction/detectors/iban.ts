import { ALNUM, DIGIT, is, LETTER } from '../chars.ts';
import type { Scan } from '../scan.ts';

/** Length of an IBAN by country, as in the registry of ISO 13616. */
const LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 ' +
    'EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 ' +
    'KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 ' +
    'PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 ' +
    'UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const values = new Uint8Array(34);

/**
 * International bank account numbers: the country's length and a valid mod-97 check; in one piece, or in
 * groups of four joined by blanks or dashes; any case.
 * @param index the first check digit, two characters after the country's first letter
 */
export function iban(scan: Scan, index: number): boolean {
  const start = index - 2;
  if (start < scan.floor || !is(scan.at(start), LETTER) || !is(scan.at(start + 1), LETTER)) return false;
  if (is(scan.at(start - 1), ALNUM) || !is(scan.at(index + 1), DIGIT)) return false;
  const length = LENGTHS.get(scan.text.slice(start, index).toUpperCase());
  if (length === undefined) return false;

  let count = 0;
  let at = start;
  for (; count < length; at++) {
    const code = scan.at(at);
    if (is(code, ALNUM)) values[count++] = is(code, DIGIT) ? code - 48 : (code | 32) - 87;
    else if ((code !== 32 && code !== 45) || count === 0 || count % 4 !== 0) return false;
    else if (!is(scan.at(at + 1), ALNUM)) return false;
  }
  if (is(scan.at(at), ALNUM)) return false;

  let rest = 0;
  for (let i = 0; i < length; i++) {
    const value = values[(i + 4) % length]!;
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest === 1 && scan.found('iban', start, at);
}
