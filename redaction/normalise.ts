import { DIGIT, is, LETTER } from './chars.ts';

/** A text as a reader would see it, and where each of its parts stands in the original. */
export interface Folded {
  text: string;
  /**
   * Four numbers for every part that was written otherwise, in order: its start and end in `text`, then its
   * start and end in the original (ends exclusive). What lies between the parts is the same in both.
   */
  parts: Int32Array;
  /** How many parts there are. */
  count: number;
}

const REMOVED = '';

/** Every character outside ASCII that folds, by its code, with what it folds to. */
const FOLDS = new Map<number, string>();
const IS_FOLDABLE = new Uint8Array(65_536);

function fold(code: number, to: string): void {
  FOLDS.set(code, to);
  IS_FOLDABLE[code] = 1;
}

/** Blocks whose characters NFKC may turn into ASCII: full-width, superscript, enclosed, ligatures, blanks. */
const COMPATIBILITY = [
  [0xa0, 0xbe],
  [0x2b0, 0x2b8],
  [0x2000, 0x2025],
  [0x202f, 0x218f],
  [0x2460, 0x24ff],
  [0x3000, 0x3000],
  [0xfb00, 0xfb06],
  [0xfe50, 0xfe6b],
  [0xff01, 0xff5e],
] as const;
for (const [from, to] of COMPATIBILITY) {
  for (let code = from; code <= to; code++) {
    const folded = String.fromCharCode(code).normalize('NFKC');
    if (folded.length <= 4 && [...folded].every((character) => character < '\x80')) fold(code, folded);
  }
}

/** Characters without width: joiners, marks of direction, soft hyphen, variation selectors, fillers. */
const INVISIBLE = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
] as const;
for (const [from, to] of INVISIBLE) for (let code = from; code <= to; code++) fold(code, REMOVED);

/** Zeros of other scripts' digits, which NFKC keeps, and dashes that are typed for a hyphen. */
const ZEROS = [
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0,
];
for (const zero of ZEROS) for (let digit = 0; digit < 10; digit++) fold(zero + digit, String(digit));
for (const dash of [0x2010, 0x2011, 0x2012, 0x2013, 0x2212]) fold(dash, '-');

/** Characters by code, made once. */
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const CONTROL = 'nrtbfv';
const ESCAPED = `${CONTROL}ux"'\`/\\`;

/** First half of the mathematical letters and digits, U+1D400 to U+1D7FF. */
const MATH = 0xd835;
IS_FOLDABLE[MATH] = 1;
/** What they fold to, by their second half, once they were met. */
const MATH_FOLDS: (string | undefined)[] = new Array(1024).fill(undefined);

/** True if a text with this character must be folded before it can be trusted to hold nothing. */
export function isFoldable(code: number): boolean {
  return IS_FOLDABLE[code] === 1;
}

/** True if the backslash or percent sign at `index` may open an escape; a lone one (`18 %`) costs nothing more. */
export function isEscape(text: string, index: number): boolean {
  const next = index + 1 < text.length ? text.charCodeAt(index + 1) : 0;
  if (text.charCodeAt(index) === 37) return is(next, DIGIT | LETTER) && hex(text, index + 1, 2) !== -1;
  return ESCAPED.includes(String.fromCharCode(next));
}

/** Reused from call to call; detection is synchronous. */
let parts = new Int32Array(1024);
let count = 0;
let output = '';
/** Length of `output`, and up to where the original has been copied. */
let length = 0;
let copied = 0;

/** Notes that the original's `start` to `end` stands for `to`. */
function put(original: string, start: number, end: number, to: string): void {
  if (start > copied) {
    output += original.slice(copied, start);
    length += start - copied;
  }
  if (count * 4 === parts.length) {
    const grown = new Int32Array(parts.length * 2);
    grown.set(parts);
    parts = grown;
  }
  const at = count++ * 4;
  parts[at] = length;
  parts[at + 1] = length + to.length;
  parts[at + 2] = start;
  parts[at + 3] = end;
  output += to;
  length += to.length;
  copied = end;
}

/** What the character (or surrogate pair) folds to. */
function folded(code: number, low: number): string {
  if (code < 128) return ASCII[code]!;
  const isPair = code === MATH && low >= 0xdc00 && low <= 0xdfff;
  if (isPair) return foldedPair(low);
  return FOLDS.get(code) ?? String.fromCharCode(code);
}

function foldedPair(low: number): string {
  const known = MATH_FOLDS[low - 0xdc00];
  if (known !== undefined) return known;
  const met = String.fromCharCode(MATH, low).normalize('NFKC');
  MATH_FOLDS[low - 0xdc00] = met;
  return met;
}

/**
 * Undoes what hides a secret from a reader of plain characters: JSON's and JavaScript's escapes however often
 * they were escaped again (`\n`, `\/`, `\"`, `\x40`, `\u0040`, `\\u0040`), percent-encoding (`%40`, `%2540`),
 * NFKC look-alikes of ASCII, digits of other scripts, dashes, and characters without width.
 * Not undone: base64, HTML entities, homoglyphs of other alphabets.
 *
 * The parts are valid until the next call. Linear in the length of the text.
 */
export function normalise(text: string): Folded {
  count = length = copied = 0;
  output = '';
  for (let at = nextHidden(text, 0); at < text.length; at = nextHidden(text, at)) {
    const code = text.charCodeAt(at);
    if (code === 92) at = putBackslash(text, at);
    else if (code === 37) at = putPercent(text, at);
    else {
      const low = code === MATH && at + 1 < text.length ? text.charCodeAt(at + 1) : 0;
      const end = low >= 0xdc00 && low <= 0xdfff ? at + 2 : at + 1;
      put(text, at, end, folded(code, low));
      at = end;
    }
  }
  return { text: output + text.slice(copied), parts, count };
}

function nextHidden(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 128 ? code === 92 || code === 37 : IS_FOLDABLE[code] === 1) return at;
  }
  return text.length;
}

function putBackslash(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) === 92) at++;
  const code = at < text.length ? text.charCodeAt(at) : 0;
  let end = at + 1;
  if (code === 117 || code === 120) {
    const digits = code === 117 ? 4 : 2;
    const value = hex(text, at + 1, digits);
    if (value !== -1) {
      end = at + 1 + digits;
      // The second half of a pair is escaped in the same way.
      const slashes = at - start;
      const isPair = value === MATH && end + slashes < text.length && text.charCodeAt(end + slashes) === 117;
      const low = isPair ? hex(text, end + slashes + 1, 4) : -1;
      if (low >= 0xdc00 && low <= 0xdfff) end += slashes + 5;
      put(text, start, end, folded(value, low));
      return end;
    }
  } else if (code === 34 || code === 39 || code === 47 || code === 96) {
    put(text, start, end, ASCII[code]!);
    return end;
  } else if (code !== 0 && CONTROL.includes(ASCII[code] ?? '-')) {
    put(text, start, end, '\n');
    return end;
  }
  put(text, start, at, '\\');
  return at;
}

function putPercent(text: string, start: number): number {
  let end = skipPercent(text, start);
  const lead = hex(text, end, 2);
  if (lead === -1) return start + 1;
  end += 2;
  if (lead < 128) {
    put(text, start, end, ASCII[lead]!);
    return end;
  }
  // The bytes of one character in UTF-8, the first of which says how many follow.
  const following = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  let point = lead & (0x3f >> following);
  for (let i = 0; i < following; i++) {
    const at = text.charAt(end) === '%' ? skipPercent(text, end) : end;
    const byte = at === end ? -1 : hex(text, at, 2);
    if (byte < 0x80 || byte > 0xbf) return start + 1;
    point = point * 64 + byte - 0x80;
    end = at + 2;
  }
  if (following === 0 || point > 0x10_ffff) return start + 1;
  const character = String.fromCodePoint(point);
  const low = character.length === 2 ? character.charCodeAt(1) : 0;
  put(
    text,
    start,
    end,
    low === 0 || character.charCodeAt(0) === MATH ? folded(character.charCodeAt(0), low) : character,
  );
  return end;
}

/** Past the percent sign at `at` and every `25` that encodes it again. */
function skipPercent(text: string, at: number): number {
  let end = at + 1;
  while (end + 1 < text.length && text.charCodeAt(end) === 50 && text.charCodeAt(end + 1) === 53) end += 2;
  return end;
}

/** Value of `digits` hexadecimal digits at `at`; -1 if they are not there. */
function hex(text: string, at: number, digits: number): number {
  if (at + digits > text.length) return -1;
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const code = text.charCodeAt(i);
    const lower = code | 32;
    if (is(code, DIGIT)) value = value * 16 + code - 48;
    else if (lower >= 97 && lower <= 102) value = value * 16 + lower - 87;
    else return -1;
  }
  return value;
}
