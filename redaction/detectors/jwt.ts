import { is, WORD } from '../chars.ts';
import type { Scan } from '../scan.ts';

/** `{"alg`, `{"typ`, `{"kid`, `{"enc`, `{"cty`, `{"jku`, `{"iss` in base64: the opening of a token's header. */
const HEADERS = ['eyJhbGci', 'eyJ0eXAi', 'eyJraWQi', 'eyJlbmMi', 'eyJjdHki', 'eyJqa3Ui', 'eyJpc3Mi'];
/** They differ in their fourth character. */
const BY_FOURTH = new Map(HEADERS.map((header) => [header.charCodeAt(3), header]));

/**
 * JSON web tokens, signed (three parts) or encrypted (five), from the `J` of `eyJ`. A first part that names
 * an algorithm, type or key is enough, so a token that was cut is found too; other base64 of JSON, such as
 * a page cursor, is left alone unless a second part follows or the text was cut inside it.
 */
export function jwt(scan: Scan, index: number): boolean {
  const start = index - 2;
  if (start < scan.floor || scan.at(start) !== 101 || scan.at(start + 1) !== 121) return false;
  const header = BY_FOURTH.get(scan.at(start + 3));
  const isHeader = header !== undefined && scan.text.startsWith(header, start);
  if (!isHeader && is(scan.at(start - 1), WORD)) return false;
  let end = scan.tokenEnd(start);
  if (end - start < 10) return false;
  let parts = 1;
  while (parts < 5 && scan.at(end) === 46 && (is(scan.at(end + 1), WORD) || parts > 1)) {
    const next = scan.tokenEnd(end + 1);
    if (parts === 1 && next - end < 8 && !isHeader) break;
    end = next;
    parts++;
  }
  if (parts === 1 && !isHeader && !scan.isCut(end)) return false;
  return scan.found('jwt', start, scan.at(end - 1) === 46 ? end - 1 : end);
}
