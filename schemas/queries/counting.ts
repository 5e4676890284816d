/**
 * The first of the two statements of an answer: the time, how far repeats have been found, which hours are settled,
 * what has been erased. Whatever it says was there before the second statement, so the second may rely on it.
 */
import { BoundValues } from './bound-values.ts';
import type { Project } from './project.ts';
import { CLOCK_GRAIN_MS, firstLiveHour, MS_PER_HOUR } from './settling/times.ts';
import type { Statement } from './statement.ts';

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

interface CountingRow {
  as_of_ms: number | string;
  examined_ms: number | string;
  newest: [number, number | string, number | string][];
  settled: [number, string, number | string][];
  repeats: number | string;
  erased_users: [string, string][];
  erased_calls: number | string;
}

/** The statement, and how its one row is read. `repeats` may be asked for instead of found out. */
export function countingStatement(
  scope: CountingScope,
  repeats?: RepeatMode,
): Statement & { read(rows: readonly unknown[]): Counting } {
  const values = new BoundValues();
  const db = scope.database;
  const from = Math.floor(scope.from_ms / MS_PER_HOUR) - 1;
  const to = Math.floor((scope.to_ms - 1) / MS_PER_HOUR) + 1;
  const range = `project = ${values.bind('String', scope.project)} AND hour >= ${from} AND hour <= ${to}`;
  const project = `project = ${values.bind('String', scope.project)}`;
  const sql = `SELECT toUnixTimestamp64Milli(now64(3)) AS as_of_ms,
  (SELECT toUnixTimestamp64Milli(max(upto)) FROM ${db}.examined) AS examined_ms,
  (SELECT groupArray((hour, newest, number)) FROM (
    SELECT hour, toUnixTimestamp64Milli(max(inserted_at)) AS newest, count() AS number
    FROM ${db}.calls WHERE ${range} GROUP BY project, hour ORDER BY hour)) AS newest,
  (SELECT groupArray((hour, toString(version), watermark)) FROM (${settledHours(db, range, 'now64(3)')})) AS settled,
  (SELECT count() FROM ${db}.repeats WHERE ${range}) AS repeats,
  (SELECT groupArray((user_id, toString(upto))) FROM (
    SELECT user_id, max(erased_at) AS upto FROM ${db}.erasures
    WHERE ${project} AND erased_at > ${Math.trunc(scope.now_ms - ERASURES_APPLY_MS)} * 1000 GROUP BY user_id)) AS erased_users,
  (SELECT count() FROM ${db}.erased_calls WHERE ${range}) AS erased_calls`;
  const read = (rows: readonly unknown[]): Counting => {
    const row = rows[0] as CountingRow;
    const examined_ms = Number(row.examined_ms) - CLOCK_GRAIN_MS;
    const hours = new Map<number, HourState>();
    for (const [hour, newest_ms, number] of row.newest) {
      const more = { newest_ms: Number(newest_ms), rows: Number(number), version: '0', watermark_ms: 0 };
      hours.set(hour, { hour, ...more });
    }
    for (const [hour, version, watermark_ms] of row.settled) {
      const state = hours.get(hour) ?? { hour, newest_ms: 0, rows: 0 };
      hours.set(hour, { ...state, version, watermark_ms: Number(watermark_ms) });
    }
    const sorted = [...hours.values()].sort((a, b) => a.hour - b.hour);
    return {
      as_of_ms: Number(row.as_of_ms),
      examined_ms,
      hours: sorted,
      repeats: repeats ?? (sorted.every(({ newest_ms }) => newest_ms <= examined_ms) ? 'stored' : 'searched'),
      fails_if_overtaken: repeats === undefined,
      has_stored_repeats: Number(row.repeats) > 0,
      erased_users: row.erased_users.map(([user_id, erased_at]) => ({ user_id, erased_at })),
      has_erased_calls: Number(row.erased_calls) > 0,
    };
  };
  return { sql, params: values.params, read };
}

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
