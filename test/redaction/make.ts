/**
 * Made-up secrets. None was ever issued: bodies come from a seeded generator and prefixes are put together at
 * run time, so that scanners of repositories do not take this file for a leak.
 */
const DIGITS = '0123456789';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = UPPER.toLowerCase();
const ALNUM = UPPER + LOWER + DIGITS;

/** A small generator (mulberry32): the same seed gives the same secrets in every run. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Random = () => number;

export function pick(next: Random, alphabet: string, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet.charAt(Math.floor(next() * alphabet.length));
  return text;
}

export const alnum = (next: Random, length: number) => pick(next, ALNUM, length);
export const hex = (next: Random, length: number) => pick(next, '0123456789abcdef', length);
export const digits = (next: Random, length: number) => pick(next, DIGITS, length);

const join = (...parts: string[]) => parts.join('');

/** One key of every provider, by name. */
export function providerKeys(next: Random): Record<string, string> {
  const body = (length: number) => alnum(next, length);
  return {
    openai: join('s', 'k-', body(20), 'T3Blbk', 'FJ', body(20)),
    openai_project: join('s', 'k-pr', 'oj-', body(40), '_', body(20), '-', body(20)),
    openai_service: join('s', 'k-svc', 'acct-', body(60)),
    anthropic: join('s', 'k-a', 'nt-api03-', body(50), '-', body(36), 'AA'),
    openrouter: join('s', 'k-o', 'r-v1-', hex(next, 64)),
    deepseek: join('s', 'k-', hex(next, 31), '7'),
    aws: join('AK', 'IA', pick(next, `${UPPER}234567`, 16)),
    aws_session: join('AS', 'IA', pick(next, `${UPPER}234567`, 16)),
    google: join('AI', 'za', 'Sy', body(33)),
    github: join('gh', 'p_', body(36)),
    github_oauth: join('gh', 'o_', body(36)),
    github_server: join('gh', 's_', body(36)),
    github_fine: join('github', '_pat_', body(22), '_', body(59)),
    gitlab: join('gl', 'pat-', body(20)),
    slack_bot: join('xo', 'xb-', digits(next, 12), '-', digits(next, 12), '-', body(24)),
    slack_user: join('xo', 'xp-', digits(next, 12), '-', digits(next, 12), '-', hex(next, 32)),
    stripe: join('s', 'k_li', 've_', body(24)),
    stripe_restricted: join('r', 'k_li', 've_', body(24)),
    stripe_webhook: join('wh', 'sec_', body(32)),
    hugging_face: join('h', 'f_', body(34)),
    npm: join('np', 'm_', body(36)),
    pypi: join('py', 'pi-', 'AgEIcHlwaS5vcmc', body(60)),
    groq: join('gs', 'k_', body(52)),
    perplexity: join('pp', 'lx-', body(48)),
    nvidia: join('nva', 'pi-', body(64)),
    replicate: join('r', '8_', body(37)),
  };
}

/** Card number of an issuer's prefix and length with its Luhn digit. */
export function cardNumber(next: Random, prefix: string, length: number): string {
  const open = prefix + digits(next, length - prefix.length - 1);
  let sum = 0;
  for (let i = open.length - 1, isDouble = true; i >= 0; i--, isDouble = !isDouble) {
    const digit = Number(open[i]) * (isDouble ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return open + String((10 - (sum % 10)) % 10);
}

export const CARDS: [prefix: string, length: number, groups: number[]][] = [
  ['4', 16, [4, 4, 4, 4]],
  ['4', 19, [4, 4, 4, 4, 3]],
  ['51', 16, [4, 4, 4, 4]],
  ['55', 16, [4, 4, 4, 4]],
  ['2221', 16, [4, 4, 4, 4]],
  ['34', 15, [4, 6, 5]],
  ['37', 15, [4, 6, 5]],
  ['6011', 16, [4, 4, 4, 4]],
  ['3530', 16, [4, 4, 4, 4]],
  ['36', 14, [4, 6, 4]],
  ['62', 16, [4, 4, 4, 4]],
  ['6759', 16, [4, 4, 4, 4]],
];

/** Splits a text into groups of the given sizes; the last size repeats. */
export function grouped(text: string, sizes: number[], separator: string): string {
  const groups: string[] = [];
  let from = 0;
  for (let i = 0; from < text.length; i++) {
    const size = sizes[Math.min(i, sizes.length - 1)]!;
    groups.push(text.slice(from, from + size));
    from += size;
  }
  return groups.join(separator);
}

/** Shape of a country's account part: letters mean any capital, `0` any digit. */
export const IBANS: [country: string, shape: string][] = [
  ['DE', '0'.repeat(18)],
  ['GB', `AAAA${'0'.repeat(14)}`],
  ['FR', '0'.repeat(23)],
  ['NL', `AAAA${'0'.repeat(10)}`],
  ['ES', '0'.repeat(20)],
  ['CH', '0'.repeat(17)],
  ['NO', '0'.repeat(11)],
  ['MT', `AAAA${'0'.repeat(23)}`],
];

export function ibanNumber(next: Random, country: string, shape: string): string {
  const account = shape.replace(/./g, (kind) => pick(next, kind === '0' ? DIGITS : UPPER, 1));
  const asDigits = `${account}${country}00`.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  const check = 98n - (BigInt(asDigits) % 97n);
  return `${country}${String(check).padStart(2, '0')}${account}`;
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function jsonWebToken(next: Random, header: object = { alg: 'RS256', typ: 'JWT' }): string {
  const payload = { sub: digits(next, 8), exp: 1_900_000_000 };
  return [base64url(JSON.stringify(header)), base64url(JSON.stringify(payload)), alnum(next, 86)].join('.');
}

export function pemKey(next: Random, type = 'RSA ', lines = 6): string {
  const edge = (word: string) => join('-----', word, ' ', type, 'PRIV', 'ATE KEY-----');
  const body = Array.from({ length: lines }, () => alnum(next, 64));
  return [edge('BEGIN'), ...body, `${alnum(next, 10)}==`, edge('END')].join('\n');
}
