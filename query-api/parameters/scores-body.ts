/** The body of POST /v1/scores: one score or many, every fault of it as a Problem that says where. */
import { nearestOf } from '../nearest.ts';
import { Problem } from '../problems.ts';
import { parseTime, TIME_FORMS, TimeError } from '../time.ts';

export const MOST_SCORES = 5_000;
const LONGEST_NAME = 200;
const DAY_MS = 86_400_000;
export const SCORE_FIELDS = [
  'trace_id',
  'span_id',
  'response_hash',
  'name',
  'value',
  'source',
  'label',
  'time',
] as const;
/** Who judged, where the sender does not say. */
export const DEFAULT_SOURCE = 'api';

/** A score as it was sent; ids and hash in hex, one way of naming the call. */
export interface SentScore {
  call: { trace_id: string; span_id: string } | { response_hash: string };
  name: string;
  value: number;
  source: string;
  label: string;
  scored_ms: number;
}

type Fields = Readonly<Record<string, unknown>>;

const shown = (value: unknown): string => JSON.stringify(value) ?? '';

function bad(place: string, detail: string, received?: unknown, allowed?: readonly string[]): Problem {
  return new Problem('invalid-body', {
    detail: `${place}: ${detail}. Nothing was stored.`,
    parameter: place,
    ...(received === undefined ? {} : { received: shown(received) }),
    ...(allowed === undefined ? {} : { allowed }),
  });
}

function hexOf(fields: Fields, at: string, name: string, digits: number): string {
  const value = fields[name];
  if (typeof value === 'string' && value.length === digits && /^[0-9a-f]*[1-9a-f][0-9a-f]*$/i.test(value)) {
    return value.toLowerCase();
  }
  throw bad(`${at}.${name}`, `must be ${digits} hex digits, not all zero`, value, [`${digits} hex digits`]);
}

function textOf(fields: Fields, at: string, name: string, fallback?: string): string {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'string' || value.length > LONGEST_NAME || (fallback === undefined && value === '')) {
    const least = fallback === undefined ? 1 : 0;
    throw bad(`${at}.${name}`, `must be a text of ${least} to ${LONGEST_NAME} characters`, value);
  }
  return value.toWellFormed();
}

function timeOf(fields: Fields, at: string, now_ms: number, calls_days: number): number {
  const value = fields.time;
  if (value === undefined || value === null) return now_ms;
  let ms: number;
  try {
    if (typeof value !== 'string' && !Number.isInteger(value)) throw new TimeError('it is not a time');
    ms = parseTime(String(value), now_ms);
  } catch (error) {
    if (!(error instanceof TimeError)) throw error;
    throw bad(`${at}.time`, error.message, value, TIME_FORMS);
  }
  if (ms < now_ms - calls_days * DAY_MS || ms > now_ms + DAY_MS) {
    throw bad(
      `${at}.time`,
      `must lie in the ${calls_days} days that are kept, and not over a day ahead`,
      value,
    );
  }
  return ms;
}

function callOf(fields: Fields, at: string): SentScore['call'] {
  const bySpan = fields.trace_id !== undefined || fields.span_id !== undefined;
  const byHash = fields.response_hash !== undefined;
  if (bySpan === byHash) {
    const ways = ['trace_id and span_id', 'response_hash'];
    throw bad(at, 'must name its call by `trace_id` and `span_id`, or by `response_hash`', undefined, ways);
  }
  return bySpan
    ? { trace_id: hexOf(fields, at, 'trace_id', 32), span_id: hexOf(fields, at, 'span_id', 16) }
    : { response_hash: hexOf(fields, at, 'response_hash', 64) };
}

function scoreOf(value: unknown, at: string, now_ms: number, calls_days: number): SentScore {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad(at, 'must be an object', value);
  }
  const fields = value as Fields;
  for (const name of Object.keys(fields)) {
    if ((SCORE_FIELDS as readonly string[]).includes(name)) continue;
    throw new Problem('invalid-body', {
      detail: `${at}: there is no field '${name.slice(0, 100)}'. Nothing was stored.`,
      parameter: `${at}.${name}`,
      allowed: SCORE_FIELDS,
      nearest: nearestOf(name, SCORE_FIELDS),
    });
  }
  if (typeof fields.value !== 'number' || !Number.isFinite(fields.value)) {
    throw bad(`${at}.value`, 'must be a number', fields.value, ['a number']);
  }
  return {
    call: callOf(fields, at),
    name: textOf(fields, at, 'name'),
    value: fields.value,
    source: textOf(fields, at, 'source', DEFAULT_SOURCE),
    label: textOf(fields, at, 'label', ''),
    scored_ms: timeOf(fields, at, now_ms, calls_days),
  };
}

/** Throws Problem: its `parameter` is the place, such as `[3].value`. */
export function parseScores(body: unknown, now_ms: number, calls_days: number): SentScore[] {
  const list = Array.isArray(body) ? body : [body];
  if (list.length === 0 || list.length > MOST_SCORES) {
    throw bad(
      'body',
      `must be one score or a list of 1 to ${MOST_SCORES}, and holds ${list.length}`,
      undefined,
      [`1 to ${MOST_SCORES} scores`],
    );
  }
  return list.map((value, index) => scoreOf(value, `[${index}]`, now_ms, calls_days));
}
