/** `from` and `to` of a request: the window [from, to). */
import { Problem } from '../problems.ts';
import { DEFAULT_WINDOW_MS, parseTime, TIME_FORMS, TimeError } from '../time.ts';
import { type RawQuery, singleOf } from './query-string.ts';

export interface Window {
  from_ms: number;
  to_ms: number;
}

function timeOf(name: string, text: string, now_ms: number): number {
  try {
    return parseTime(text, now_ms);
  } catch (error) {
    if (!(error instanceof TimeError)) throw error;
    throw new Problem('invalid-time', {
      detail: `'${name}' cannot be '${text.slice(0, 100)}': ${error.message}.`,
      parameter: name,
      received: text,
      allowed: TIME_FORMS,
    });
  }
}

/**
 * By default the `default_ms` (24 hours) before `to`, and `to` by default now. `names` says which parameters hold the two, where a
 * request has several windows. Throws Problem.
 */
export function windowOf(
  raw: RawQuery,
  now_ms: number,
  names = { from: 'from', to: 'to' },
  default_ms: number = DEFAULT_WINDOW_MS,
): Window {
  const from = singleOf(raw, names.from);
  const to = singleOf(raw, names.to);
  const to_ms = to === undefined ? now_ms : timeOf(names.to, to, now_ms);
  const from_ms = from === undefined ? Math.max(0, to_ms - default_ms) : timeOf(names.from, from, now_ms);
  if (from_ms >= to_ms) {
    const iso = (ms: number): string => new Date(ms).toISOString();
    throw new Problem('empty-range', {
      detail: `'${names.from}' (${iso(from_ms)}) must be before '${names.to}' (${iso(to_ms)}${to === undefined ? ', now' : ''}).`,
      parameter: names.from,
      received: `${names.from}=${from ?? ''} ${names.to}=${to ?? ''}`,
    });
  }
  return { from_ms, to_ms };
}
