/** What an answer knows before it is asked for: the time, how far repeats are known, which hours are settled, what is erased. */
import type { Project } from './project.ts';
import { CLOCK_GRAIN_MS, firstLiveHour, MS_PER_HOUR } from './settling/times.ts';

export interface CountingScope {
  database: string;
  project: Project;
  /** The window [from_ms, to_ms), in milliseconds since 1970. */
  from_ms: number;
  to_ms: number;
  now_ms: number;
  /** Days that calls are kept: older ones are hidden from the moment they expire. */
  calls_days: number;
}

/** What an hour of the window and the two around it is known to hold. */
export interface HourState {
  hour: number;
  /** When its newest row was inserted, and how many rows there are, deliveries counted; 0 if none is left. */
  newest_ms: number;
  rows: number;
  /** The published version, '0' if none. A UInt64, hence text. */
  version: string;
  watermark_ms: number;
}

export interface ErasedUser {
  user_id: string;
  /** Calls whose version is not above it are erased. A UInt64, hence text. */
  erased_at: string;
}

/**
 * How repeats are found. `stored`: the pairs in the table, and the statement fails with STALE_CODE if a row came
 * that they do not know. `searched`: those, and the pairs of rows that nobody has looked at, found on the spot.
 * `scratch`: from the calls alone, the definition: for audits and tests.
 */
export type RepeatMode = 'stored' | 'searched' | 'scratch';

/** What was found about rows that nobody had looked at; ids are `hour trace span`, in hex, of a pair one after the other. */
export interface FreshRepeats {
  /** Hours that hold such rows. */
  hours: readonly number[];
  /** PARTS of these hours: the same as long as no row comes to them. A UInt64, hence text. */
  parts: string;
  /** Spans that are struck out by or with such a row. */
  repeats: readonly string[];
  /** Stored pairs of such a row, which count no more. */
  superseded: readonly string[];
}

/** An aggregate over rows of calls that tells which parts they lie in: what is in a part never changes. */
export const PARTS = 'cityHash64(arraySort(groupUniqArray(toString(_part))))';

export interface Counting {
  as_of_ms: number;
  /** Rows inserted later may have repeats that are not in the table. */
  examined_ms: number;
  hours: readonly HourState[];
  repeats: RepeatMode;
  /** The second statement may rely on the hours as they were, and fail with STALE_CODE if they are not so any more. */
  fails_if_overtaken?: boolean;
  /** Where repeats are `searched`: what of them a statement of its own has found (fresh-repeats.ts). */
  fresh?: FreshRepeats;
  has_stored_repeats: boolean;
  erased_users: readonly ErasedUser[];
  has_erased_calls: boolean;
}

/** Code of an error by which a statement says that the calls have changed since the first one: ask both again. */
export const STALE_CODE = 395;

/** Whatever was received before an erasure comes by then: a log keeps three days, a sender less. */
export const ERASURES_APPLY_MS = 8 * 24 * MS_PER_HOUR;

/**
 * A SELECT of `hour`, `version` and `watermark` (in milliseconds) of the settled hours that were marked by then: of
 * several the one with the highest watermark, which need not be the last written.
 */
export function settledHours(database: string, range: string, marked_by: string): string {
  return `SELECT hour, argMax(settled.version, (settled.watermark, settled.version)) AS version,
    toUnixTimestamp64Milli(max(settled.watermark)) AS watermark
  FROM ${database}.settled AS settled WHERE ${range} AND marked_at <= ${marked_by} GROUP BY hour ORDER BY hour`;
}

/** Hours of which a neighbour or they themselves have rows that the settlement does not know are not clean. */
export function cleanHours(counting: Counting, kept: { now_ms: number; calls_days: number }): Set<number> {
  const newest = new Map(counting.hours.map(({ hour, newest_ms }) => [hour, newest_ms]));
  const live = firstLiveHour(kept);
  const isClean = ({ hour, version, watermark_ms }: HourState): boolean =>
    version !== '0' &&
    (hour < live ||
      [hour - 1, hour, hour + 1].every((near) => (newest.get(near) ?? 0) <= watermark_ms - CLOCK_GRAIN_MS));
  return new Set(counting.hours.filter(isClean).map(({ hour }) => hour));
}
