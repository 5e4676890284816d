/** Classes of ASCII characters, as bits, so that one look-up answers every question about a character. */
export const DIGIT = 1;
export const UPPER = 2;
export const LOWER = 4;
/** `-` and `_`, which join words in tokens and identifiers. */
export const JOINER = 8;
/** `+`, `/`, `=` and `.`, `~`: with letters, digits and joiners, everything a bearer token may hold. */
export const TOKEN68 = 16;
export const BLANK = 32;
/** Ends a value that stands without quotes. */
export const STOP = 64;
/** Beside letters, digits and joiners: allowed before the `@` of an e-mail address. */
export const LOCAL = 128;

export const LETTER = UPPER | LOWER;
export const ALNUM = LETTER | DIGIT;
export const WORD = ALNUM | JOINER;

const CLASSES = new Uint8Array(128);

function mark(characters: string, bit: number): void {
  for (const character of characters) CLASSES[character.charCodeAt(0)]! |= bit;
}

mark('0123456789', DIGIT);
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZ', UPPER);
mark('abcdefghijklmnopqrstuvwxyz', LOWER);
mark('-_', JOINER);
mark('+/=.~', TOKEN68);
mark(' \t\n\r', BLANK);
mark(' \t\n\r"\'`,;&<>(){}]|\\', STOP);
mark(".+'", LOCAL);

/** True if the character code is ASCII and in one of the classes. Codes must not be negative or NaN. */
export function is(code: number, classes: number): boolean {
  return code < 128 && (CLASSES[code]! & classes) !== 0;
}

/** Letters of the Latin, Greek and Cyrillic alphabets beyond ASCII, as found in names and addresses. */
export function isOtherLetter(code: number): boolean {
  return (code >= 0xc0 && code <= 0x24f) || (code >= 0x370 && code <= 0x52f);
}
