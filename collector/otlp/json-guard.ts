/** What JSON.parse must be spared: it holds state for every open bracket and an object for every pair. */
import { MalformedBodyError } from './span.ts';

/** Far above what a request with the deepest allowed attribute needs. */
const MAX_NESTING = 512;
/** A 20 MiB request of ordinary spans has about 600,000, of the smallest attributes a million; each costs up to 140 bytes of memory. */
const MAX_OBJECTS = 1_500_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Brackets and braces differ in this bit only. */
const BRACE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Throws MalformedBodyError when the text nests too deep or holds too many lists and objects to be parsed safely. */
export function guardJson(text: Uint8Array): void {
  const end = text.length;
  let depth = 0;
  let objects = 0;
  for (let i = 0; i < end; i++) {
    const byte = text[i]!;
    if (byte === QUOTE) {
      i = closingQuote(text, i + 1, end);
      continue;
    }
    const bracket = byte | BRACE_BIT;
    if (bracket === OPEN) {
      depth += 1;
      objects += 1;
      if (depth > MAX_NESTING) fail(i, `nested over ${MAX_NESTING} deep`);
      if (objects > MAX_OBJECTS) fail(i, `more than ${MAX_OBJECTS} lists and objects`);
    } else if (bracket === CLOSE) depth -= 1;
  }
}

function closingQuote(text: Uint8Array, from: number, end: number): number {
  let i = from;
  while (i < end && text[i] !== QUOTE) i += text[i] === BACKSLASH ? 2 : 1;
  return i;
}

function fail(at: number, what: string): never {
  throw new MalformedBodyError(`JSON, byte ${at}: ${what}`);
}
