import { ALNUM, DIGIT, is, LETTER } from './chars.ts';
import { bearerToken } from './detectors/bearer-token.ts';
import { card } from './detectors/card.ts';
import { email } from './detectors/email.ts';
import { iban } from './detectors/iban.ts';
import { jwt } from './detectors/jwt.ts';
import { namedSecret } from './detectors/named-secret.ts';
import {
  bracketedPhone,
  internationalPhone,
  isJoint,
  MIN_PHONE_DIGITS,
  nationalPhone,
} from './detectors/phone.ts';
import { privateKey } from './detectors/private-key.ts';
import { cloudKey, providerKey } from './detectors/provider-key.ts';
import { urlCredentials } from './detectors/url-credentials.ts';
import type { Kind } from './kinds.ts';
import { isEscape, isFoldable } from './normalise.ts';
import type { Scan } from './scan.ts';

/** What a character may be part of; 0 for most, which costs one look-up. */
const TRIGGERS = new Uint8Array(128);
const AT = 1;
const DIGITS = 2;
const PLUS = 3;
const BRACKET = 4;
const DASH = 5;
const UNDERSCORE = 6;
const UPPER_A = 7;
const UPPER_J = 8;
const LETTER_B = 9;
const COLON = 10;
const EQUALS = 11;
const ESCAPE = 12;
for (let digit = 48; digit < 58; digit++) TRIGGERS[digit] = DIGITS;
const SINGLE: [string, number][] = [
  ['@', AT],
  ['+', PLUS],
  ['(', BRACKET],
  ['-', DASH],
  ['_', UNDERSCORE],
  ['A', UPPER_A],
  ['J', UPPER_J],
  ['B', LETTER_B],
  ['b', LETTER_B],
  [':', COLON],
  ['=', EQUALS],
  ['\\', ESCAPE],
  ['%', ESCAPE],
];
for (const [character, trigger] of SINGLE) TRIGGERS[character.charCodeAt(0)] = trigger;

/**
 * Walks once over the text, left to right, and leaves what it finds in `scan.spans`, in order, without overlaps.
 * Each trigger looks at a bounded stretch around it or at a run that is remembered, so the time is linear.
 * @param isFolded the text is one that `normalise` made
 * @returns true if the text holds escapes or look-alikes, so that its folded form must be walked too
 */
export function find(scan: Scan, text: string, kinds: ReadonlySet<Kind>, isFolded: boolean): boolean {
  scan.reset(text, isFolded);
  let mustFold = false;
  for (let i = nextTrigger(text, 0); i < text.length; i = nextTrigger(text, i)) {
    const code = text.charCodeAt(i);
    const trigger = code < 128 ? TRIGGERS[code]! : ESCAPE;
    if (trigger === ESCAPE) {
      mustFold ||= code >= 128 || isEscape(text, i);
      i++;
      continue;
    }
    // Nothing in a label is a finding.
    const labelEnd = trigger === UPPER_A ? scan.labelEnd(i - 4) : -1;
    if (labelEnd !== -1) {
      i = labelEnd;
      continue;
    }
    let resume = i + 1;
    let isFound: boolean;
    if (trigger === DIGITS) {
      while (is(scan.at(resume), DIGIT)) resume++;
      isFound = numbers(scan, i, resume);
    } else if (trigger === DASH && scan.at(resume) === 45) {
      while (scan.at(resume) === 45) resume++;
      isFound = resume - i >= 5 && privateKey(scan, resume - 5);
    } else isFound = detect(scan, trigger, i);
    if (isFound && kinds.has(scan.kind)) {
      scan.keep();
      resume = scan.end;
      // What is skipped may hold escapes too.
      mustFold ||= !isFolded && hasEscape(text, scan.start, scan.end);
    }
    i = resume;
  }
  return mustFold;
}

/** Index of the next character at or after `from` that may mean something; the text's length if none. */
function nextTrigger(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128 ? TRIGGERS[code] !== 0 : isFoldable(code)) return i;
  }
  return text.length;
}

function detect(scan: Scan, trigger: number, index: number): boolean {
  switch (trigger) {
    case AT:
      return email(scan, index);
    case PLUS:
      return internationalPhone(scan, index);
    case BRACKET:
      return bracketedPhone(scan, index);
    case DASH:
    case UNDERSCORE:
      return providerKey(scan, index);
    case UPPER_A:
      return cloudKey(scan, index);
    case UPPER_J:
      return jwt(scan, index);
    case LETTER_B:
      return bearerToken(scan, index);
    case COLON:
      return urlCredentials(scan, index) || namedSecret(scan, index);
    default:
      return namedSecret(scan, index);
  }
}

function numbers(scan: Scan, index: number, end: number): boolean {
  const before = scan.at(index - 1);
  if (is(before, LETTER)) return iban(scan, index);
  if (end - index < MIN_PHONE_DIGITS && !isJoint(scan.at(end))) return false;
  const isInner = before >= 45 && before <= 47 && is(scan.at(index - 2), ALNUM);
  // A later part of a date, a version, a path or a dashed identifier, unless it is long enough for a card.
  if (isInner && end - index < 13) return false;
  return card(scan, index, end) || nationalPhone(scan, index, end);
}

function hasEscape(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code >= 128 ? isFoldable(code) : TRIGGERS[code] === ESCAPE && isEscape(text, i)) return true;
  }
  return false;
}
