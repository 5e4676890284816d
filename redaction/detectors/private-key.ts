import { ALNUM, BLANK, is } from '../chars.ts';
import { ARMOUR_BEGIN, ARMOUR_END, DOUBLE_QUOTE, type Scan } from '../scan.ts';

const MAX_BLOCK_CHARS = 32_768;
const HEAD = /^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const HEAD_CHARS = 80;
/** The shortest word that is taken for a line of a key whose end is missing. */
const MIN_LINE_CHARS = 16;
const FIELD = /^[A-Za-z-]{3,20}: [^\r\n"]{0,120}/;

/**
 * Private keys in PEM or PGP armour, from the dashes of their first line to those of the last. Where the
 * last line is missing (the text was cut, or a quote ends it) everything that looks like the key's lines goes.
 * Certificates and public keys are left alone.
 * @param index the first of the five dashes right before `BEGIN`
 */
export function privateKey(scan: Scan, index: number): boolean {
  const head = HEAD.exec(scan.text.slice(index, index + HEAD_CHARS));
  if (head === null) return false;
  const body = index + head[0].length;
  const tail = scan.next(ARMOUR_END, body);
  if (tail < Math.min(body + MAX_BLOCK_CHARS, scan.next(ARMOUR_BEGIN, body), scan.next(DOUBLE_QUOTE, body))) {
    const close = scan.text.slice(tail + 8, tail + HEAD_CHARS).indexOf('-----');
    return scan.found('private_key', index, close === -1 ? tail + 8 : tail + 8 + close + 5);
  }
  return scan.found('private_key', index, endOfLines(scan, body));
}

function endOfLines(scan: Scan, from: number): number {
  let end = from;
  for (;;) {
    let at = end;
    while (is(scan.at(at), BLANK)) at++;
    const field = FIELD.exec(scan.text.slice(at, at + 150));
    if (field !== null) {
      end = at + field[0].length;
      continue;
    }
    let stop = at;
    while (isBase64(scan.at(stop))) stop++;
    const isLine = stop - at >= MIN_LINE_CHARS || (stop > at && scan.isCut(stop));
    if (!isLine) return end;
    end = stop;
  }
}

function isBase64(code: number): boolean {
  return is(code, ALNUM) || code === 43 || code === 47 || code === 61;
}
