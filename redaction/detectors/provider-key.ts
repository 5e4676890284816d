import { ALNUM, DIGIT, is, UPPER, WORD } from '../chars.ts';
import type { Scan } from '../scan.ts';

interface Prefix {
  text: string;
  /** Characters that must follow. Low where the prefix is unmistakable, so that a key that was cut is found. */
  body: number;
  /** The body holds letters and digits only; otherwise `-` and `_` too. */
  isPlain?: boolean;
  /** The prefix may end a longer word (`disk-`), so it counts only where a word begins. */
  isWord?: boolean;
}

const PREFIXES: Prefix[] = [
  // Anthropic, OpenAI, OpenRouter, Langfuse; then the bare form that OpenAI, DeepSeek and others use.
  ...['ant-', 'proj-', 'svcacct-', 'admin-', 'or-v1-', 'lf-'].map((name) => ({
    text: `sk-${name}`,
    body: 8,
  })),
  { text: 'sk-', body: 20, isPlain: true, isWord: true },
  ...['live', 'test'].flatMap((mode) => ['sk', 'rk'].map((type) => ({ text: `${type}_${mode}_`, body: 8 }))),
  ...['p', 'o', 'u', 's', 'r'].map((type) => ({ text: `gh${type}_`, body: 12, isPlain: true })),
  { text: 'github_pat_', body: 8 },
  { text: 'glpat-', body: 8 },
  ...['b', 'p', 'a', 'r', 's', 'e', 'o'].map((type) => ({ text: `xox${type}-`, body: 8 })),
  { text: 'xapp-', body: 12 },
  { text: 'hf_', body: 24, isPlain: true },
  { text: 'npm_', body: 24, isPlain: true },
  { text: 'pypi-', body: 24 },
  { text: 'gsk_', body: 24, isPlain: true },
  { text: 'xai-', body: 24, isPlain: true, isWord: true },
  { text: 'pplx-', body: 24, isPlain: true },
  { text: 'nvapi-', body: 24 },
  { text: 'r8_', body: 24, isPlain: true },
  { text: 'tvly-', body: 20 },
  { text: 'lsv2_', body: 24 },
  { text: 'whsec_', body: 20, isPlain: true },
  { text: 'shpat_', body: 24, isPlain: true },
  { text: 'dop_v1_', body: 24, isPlain: true },
  { text: 'GOCSPX-', body: 12 },
];

/** By the first `-` or `_` of the prefix and the character before it, so that most triggers end at one look-up; `next` is what follows, or 0. */
const BY_TRIGGER: (Prefix & { offset: number; next: number })[][] = [];
for (const prefix of PREFIXES) {
  const offset = prefix.text.search(/[-_]/);
  const key = keyOf(prefix.text.charCodeAt(offset - 1), prefix.text.charCodeAt(offset));
  BY_TRIGGER[key] = [
    ...(BY_TRIGGER[key] ?? []),
    { ...prefix, offset, next: prefix.text.charCodeAt(offset + 1) || 0 },
  ];
}

function keyOf(before: number, trigger: number): number {
  return trigger === 45 ? before : before + 128;
}

/**
 * Keys known by their prefix, from its first `-` or `_`: OpenAI, Anthropic, GitHub, GitLab, Slack, Stripe,
 * Hugging Face, npm, PyPI and others of the table above. The body needs a digit, or letters of both cases,
 * so `sk-ant-your-key-here` is left alone.
 */
export function providerKey(scan: Scan, index: number): boolean {
  const before = scan.at(index - 1);
  if (!is(before, ALNUM)) return false;
  const candidates = BY_TRIGGER[keyOf(before, scan.at(index))];
  if (candidates === undefined) return false;
  for (const { text, offset, next, body, isPlain, isWord } of candidates) {
    if (next !== 0 && scan.at(index + 1) !== next) continue;
    const start = index - offset;
    if (start < scan.floor || !scan.text.startsWith(text, start)) continue;
    if (isWord && is(scan.at(start - 1), WORD)) continue;
    const from = start + text.length;
    if (isPlain && plainLength(scan, from, body) < body) continue;
    const end = scan.tokenEnd(from);
    if (end - from >= body && scan.tokenLooksRandom(from)) return scan.found('api_key', start, end);
  }
  return false;
}

/** Keys and bearer tokens of AWS, and the codes of their second letters. */
const AMAZON = new Set(['AKIA', 'ASIA', 'ABIA', 'ACCA']);
const AMAZON_SECOND = [...AMAZON].map((name) => name.charCodeAt(1));
const AWS_SECRET_CHARS = 40;

/**
 * AWS access key ids (`AKIA`, `ASIA` and kin), with the secret key if it follows as the next field, and
 * Google API keys (`AIza`), from their `A`. At the end of a text that was cut, four characters are enough.
 */
export function cloudKey(scan: Scan, index: number): boolean {
  const second = scan.at(index + 1);
  if (second === 73 && scan.text.startsWith('AIza', index)) {
    const end = scan.tokenEnd(index + 4);
    const isKey = end - index >= 39 || (end - index >= 12 && scan.isCut(end));
    return isKey && scan.found('api_key', index, end);
  }
  if (scan.at(index + 3) !== 65 || !AMAZON_SECOND.includes(second)) return false;
  if (!AMAZON.has(scan.text.slice(index, index + 4))) return false;
  let end = index + 4;
  while (is(scan.at(end), UPPER | DIGIT)) end++;
  const length = end - index - 4;
  if (length >= 16) return scan.found('api_key', index, endOfSecret(scan, end));
  const isCutKey = length >= 4 && second === 75 && scan.isCut(end);
  return isCutKey && !is(scan.at(index - 1), WORD) && scan.found('api_key', index, end);
}

function endOfSecret(scan: Scan, end: number): number {
  let from = end;
  while (from < end + 3 && /[\s,:;|]/.test(scan.text.charAt(from))) from++;
  let to = from;
  while (to <= from + AWS_SECRET_CHARS && isBase64(scan.at(to))) to++;
  return from > end && to - from === AWS_SECRET_CHARS ? to : end;
}

function isBase64(code: number): boolean {
  return is(code, ALNUM) || code === 43 || code === 47;
}

/** Counts letters and digits from `from`, at most `enough`. */
function plainLength(scan: Scan, from: number, enough: number): number {
  let length = 0;
  while (length < enough && is(scan.at(from + length), ALNUM)) length++;
  return length;
}
