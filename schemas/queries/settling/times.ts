/** Times of settling: hours since 1970, and moments of the database's clock in milliseconds. */

export const MS_PER_HOUR = 3_600_000;
export const MS_PER_DAY = 24 * MS_PER_HOUR;

/**
 * The grain that moments of the database are compared with: covers what its threads' and its servers' clocks differ
 * by. Not how long inserts take: for those the watermark waits.
 */
export const CLOCK_GRAIN_MS = 2_000;

/** A moment as a DateTime64(3) in a statement. */
export function moment(ms: number): string {
  return `fromUnixTimestamp64Milli(toInt64(${Math.trunc(ms)}), 'UTC')`;
}

export interface Kept {
  now_ms: number;
  /** Days that calls are kept. */
  calls_days: number;
}

/** The first moment that retention still shows. */
export function horizonMs({ now_ms, calls_days }: Kept): number {
  return now_ms - calls_days * MS_PER_DAY;
}

/**
 * The first hour that may still be settled: all of it and of the hour before is there. Hours before it are frozen:
 * what retention has left of them says nothing about them.
 */
export function firstLiveHour(kept: Kept): number {
  return Math.ceil(horizonMs(kept) / MS_PER_HOUR) + 1;
}
