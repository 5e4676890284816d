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

/** One kind of what is asked, with lists of an hour, a number and a text, as the kind has them. */
interface FactRow {
  fact: 'now' | 'examined' | 'newest' | 'settled' | 'repeats' | 'erased_users' | 'erased_calls';
  told: [hour: number | string, number: number | string, text: string][];
}

/** A SELECT of one kind of fact. */
const fact = (name: FactRow['fact'], told: string, from = ''): string =>
  `SELECT '${name}' AS fact, ${told} AS told ${from}`;
const number = (expression: string): string => `[(toInt64(0), toInt64(${expression}), '')]`;
const list = (hour: string, number: string, text: string): string =>
  `groupArray((toInt64(${hour}), toInt64(${number}), ${text}))`;

/**
 * The statement, and how its rows are read. `repeats` may be asked for instead of found out. It is one union: as
 * scalars the same takes a quarter longer to plan. What a table holds is settled as the union is analysed, branch by
 * branch, so what was examined comes first: the repeats that were found by then are there when repeats are counted.
 */
export function countingStatement(
  scope: CountingScope,
  repeats?: RepeatMode,
): Statement & { read(rows: readonly unknown[]): Counting } {
  const values = new BoundValues();
  const db = scope.database;
  const from = Math.floor(scope.from_ms / MS_PER_HOUR) - 1;
  const to = Math.floor((scope.to_ms - 1) / MS_PER_HOUR) + 1;
  const project = `project = ${values.bind('String', scope.project)}`;
  const range = `${project} AND hour >= ${from} AND hour <= ${to}`;
  const sql = [
    fact('now', number('toUnixTimestamp64Milli(now64(3))')),
    fact('examined', number('toUnixTimestamp64Milli(max(upto))'), `FROM ${db}.examined`),
    fact(
      'newest',
      list('hour', 'newest', 'toString(number)'),
      `FROM (SELECT hour, toUnixTimestamp64Milli(max(inserted_at)) AS newest, count() AS number
  FROM ${db}.calls WHERE ${range} GROUP BY project, hour)`,
    ),
    fact(
      'settled',
      list('hour', 'watermark', 'toString(version)'),
      `FROM (${settledHours(db, range, 'now64(3)')})`,
    ),
    fact('repeats', number('count()'), `FROM ${db}.repeats WHERE ${range}`),
    fact(
      'erased_users',
      list('0', 'upto', 'user_id'),
      `FROM (SELECT user_id, max(erased_at) AS upto FROM ${db}.erasures
  WHERE ${project} AND erased_at > ${Math.trunc(scope.now_ms - ERASURES_APPLY_MS)} * 1000 GROUP BY user_id)`,
    ),
    fact('erased_calls', number('count()'), `FROM ${db}.erased_calls WHERE ${range}`),
  ].join('\nUNION ALL\n');
  const read = (rows: readonly unknown[]): Counting => {
    const facts = new Map((rows as FactRow[]).map((row) => [row.fact, row.told]));
    const told = (name: FactRow['fact']) => facts.get(name) ?? [];
    const numberOf = (name: FactRow['fact']): number => Number(told(name)[0]![1]);
    const examined_ms = numberOf('examined') - CLOCK_GRAIN_MS;
    const hours = new Map<number, HourState>();
    for (const [at, newest_ms, number] of told('newest')) {
      const hour = Number(at);
      const more = { newest_ms: Number(newest_ms), rows: Number(number), version: '0', watermark_ms: 0 };
      hours.set(hour, { hour, ...more });
    }
    for (const [at, watermark_ms, version] of told('settled')) {
      const hour = Number(at);
      const state = hours.get(hour) ?? { hour, newest_ms: 0, rows: 0 };
      hours.set(hour, { ...state, version, watermark_ms: Number(watermark_ms) });
    }
    const sorted = [...hours.values()].sort((a, b) => a.hour - b.hour);
    return {
      as_of_ms: numberOf('now'),
      examined_ms,
      hours: sorted,
      repeats: repeats ?? (sorted.every(({ newest_ms }) => newest_ms <= examined_ms) ? 'stored' : 'searched'),
      fails_if_overtaken: repeats === undefined,
      has_stored_repeats: numberOf('repeats') > 0,
      erased_users: told('erased_users').map(([, erased_at, user_id]) => ({
        user_id,
        erased_at: String(erased_at),
      })),
      has_erased_calls: numberOf('erased_calls') > 0,
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
