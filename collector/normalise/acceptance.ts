/** Our clock decides whether a span is accepted, never where it is placed. */

const DAY_MS = 86_400_000;
const AHEAD_MAX_MS = DAY_MS;
const SKEWED_AHEAD_MS = 3_600_000;
const SKEWED_BEHIND_MS = 30 * DAY_MS;

export interface Acceptance {
  /** Why the span is refused, for the emitter to read; undefined if it is accepted. */
  refusal: string | undefined;
  clock_skewed: boolean;
}

/** Spans that start before this are refused: now minus the retention, cut to whole days, so that it only moves forward. */
export function horizonMs(now_ms: number, retention_days: number): number {
  return (Math.floor(now_ms / DAY_MS) - retention_days) * DAY_MS;
}

/** `started_ms` and `now_ms` in milliseconds since 1970. */
export function judgeStart(started_ms: number, now_ms: number, retention_days: number): Acceptance {
  const ahead_ms = started_ms - now_ms;
  if (started_ms < horizonMs(now_ms, retention_days)) {
    const age_days = Math.floor(-ahead_ms / DAY_MS);
    return {
      refusal: `started ${age_days} days ago, before the retention of ${retention_days} days (PLUMBLINE_RETENTION_CALLS_DAYS)`,
      clock_skewed: true,
    };
  }
  if (ahead_ms > AHEAD_MAX_MS) {
    const hours = Math.ceil(ahead_ms / 3_600_000);
    return {
      refusal: `starts ${hours} hours ahead of the collector's clock (at most 24 are accepted)`,
      clock_skewed: true,
    };
  }
  return { refusal: undefined, clock_skewed: ahead_ms > SKEWED_AHEAD_MS || -ahead_ms > SKEWED_BEHIND_MS };
}
