import { ALNUM, DIGIT, is } from '../chars.ts';
import type { Scan } from '../scan.ts';

const MAX_USERINFO_CHARS = 512;

/**
 * `user:password@` in addresses of any scheme, from the colon of `://`. Host, path and scheme stay readable.
 * The last `@` before the path counts, so passwords may hold one; `user@` without a password is left alone.
 */
export function urlCredentials(scan: Scan, colon: number): boolean {
  if (scan.at(colon + 1) !== 47 || scan.at(colon + 2) !== 47 || !is(scan.at(colon - 1), ALNUM)) return false;
  const start = colon + 3;
  if (scan.at(start) === 91) return false;
  const most = start + MAX_USERINFO_CHARS;
  let separator = -1;
  let isPort = true;
  let isHost = false;
  let end = -1;
  for (let at = start; at < most; at++) {
    const code = scan.at(at);
    if (code === 64) {
      if (separator !== -1) end = at;
      isHost = false;
    } else if (code === 58 || code === 46) {
      if (separator === -1 && code === 58) separator = at;
      isHost = true;
    } else if (code === 47 || code === 63 || code === 35) {
      // A password may hold these unescaped; after a host or a port they open the path.
      // Two slashes open the next address, which also keeps all walks of a text together linear.
      if (separator === -1 || isPort || scan.at(at + 1) === 47) break;
      if (end !== -1 && isHost) break;
    } else if (!(code > 32) || code === 34 || code === 39 || code === 60 || code === 62 || code === 96) {
      break;
    }
    if (separator !== -1 && at > separator && !is(code, DIGIT)) isPort = false;
  }
  if (end === -1 || end - separator < 2) return false;
  return scan.found('url_credentials', start, end);
}
