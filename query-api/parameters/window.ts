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

/** By default the 24 hours before `to`, and `to` by default now. Throws Problem. */
export function windowOf(raw: RawQuery, now_ms: number): Window {
  const from = singleOf(raw, 'from');
  const to = singleOf(raw, 'to');
  const to_ms = to === undefined ? now_ms : timeOf('to', to, now_ms);
  const from_ms = from === undefined ? Math.max(0, to_ms - DEFAULT_WINDOW_MS) : timeOf('from', from, now_ms);
  if (from_ms >= to_ms) {
    const iso = (ms: number): string => new Date(ms).toISOString();
    throw new Problem('empty-range', {
      detail: `'from' (${iso(from_ms)}) must be before 'to' (${iso(to_ms)}${to === undefined ? ', now' : ''}).`,
      parameter: 'from',
      received: `from=${from ?? ''} to=${to ?? ''}`,
    });
  }
  return { from_ms, to_ms };
}
