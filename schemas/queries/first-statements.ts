/**
 * The first statements of an answer or a lookup: what they say makes a `Counting`. It was there before the next statement,
 * which may rely on it. They are asked at the same time, since neither needs the other: of the newest row of an hour one may
 * know that came before or after what the other knows, and whatever relies on an hour finds out if a younger one has come.
 */
import { BoundValues } from './bound-values.ts';
import {
  type Counting,
  type CountingScope,
  ERASURES_APPLY_MS,
  type HourState,
  type RepeatMode,
  settledHours,
} from './counting.ts';
import { hoursIn } from './lookup-hours.ts';
import { CLOCK_GRAIN_MS, MS_PER_HOUR } from './settling/times.ts';
import type { Statement } from './statement.ts';

export interface FirstStatements {
  statements: readonly Statement[];
  /** Reads the rows of all of them, whatever their order. */
  read(rows: readonly unknown[]): Counting;
}

type Scope = Pick<CountingScope, 'database' | 'project' | 'now_ms'>;

/** One kind of what is asked, with lists of an hour, a number and a text, as the kind has them. */
interface FactRow {
  fact: 'now' | 'examined' | 'newest' | 'settled' | 'repeats' | 'erased_users' | 'erased_calls';
  told: [hour: number | string, number: number | string, text: string][];
}

const fact = (name: FactRow['fact'], told: string, from = ''): string =>
  `SELECT '${name}' AS fact, ${told} AS told ${from}`;
const number = (expression: string): string => `[(toInt64(0), toInt64(${expression}), '')]`;
const list = (hour: string, number: string, text: string): string =>
  `groupArray((toInt64(${hour}), toInt64(${number}), ${text}))`;

/** Each statement tells the time before it reads anything. */
const NOW = fact('now', number('toUnixTimestamp64Milli(now64(3))'));
/** As scalars the same takes up to twice as long to plan. */
const union = (facts: readonly string[]): string => [NOW, ...facts].join('\nUNION ALL\n');

/**
 * The hours with calls, of those in a condition; with `rollups` which of them are settled. What a table holds is settled as
 * the union is analysed, branch by branch, so that comes first, and in one statement: a row that is not seen here is younger
 * than any settlement that is.
 */
function hoursStatement({ database, project }: Scope, inHours: string, rollups: boolean): Statement {
  const values = new BoundValues();
  const range = `project = ${values.bind('String', project)} AND ${inHours}`;
  const newest = `SELECT hour, toUnixTimestamp64Milli(max(inserted_at)) AS newest, count() AS number
  FROM ${database}.calls WHERE ${range} GROUP BY project, hour`;
  const settled = fact(
    'settled',
    list('hour', 'watermark', 'toString(version)'),
    `FROM (${settledHours(database, range, 'now64(3)')})`,
  );
  const sql = union([
    ...(rollups ? [settled] : []),
    fact('newest', list('hour', 'newest', 'toString(number)'), `FROM (${newest})`),
  ]);
  return { sql, params: values.params };
}

/**
 * Everything else; with `rollups` whether there are repeats in the hours. What was examined comes first, so the repeats that
 * were found by then are there when repeats are counted.
 */
function knownStatement(
  { database: db, project, now_ms }: Scope,
  inHours: string,
  rollups: boolean,
): Statement {
  const values = new BoundValues();
  const own = `project = ${values.bind('String', project)}`;
  const range = `${own} AND ${inHours}`;
  const applies_from_us = Math.trunc(now_ms - ERASURES_APPLY_MS) * 1000;
  const sql = union([
    fact('examined', number('toUnixTimestamp64Milli(max(upto))'), `FROM ${db}.examined`),
    ...(rollups ? [fact('repeats', number('count()'), `FROM ${db}.repeats WHERE ${range}`)] : []),
    fact(
      'erased_users',
      list('0', 'upto', 'user_id'),
      `FROM (SELECT user_id, max(erased_at) AS upto FROM ${db}.erasures
  WHERE ${own} AND erased_at > ${applies_from_us} GROUP BY user_id)`,
    ),
    fact('erased_calls', number('count()'), `FROM (SELECT 1 FROM ${db}.erased_calls WHERE ${range} LIMIT 1)`),
  ]);
  return { sql, params: values.params };
}

function countingOf(rows: readonly FactRow[], repeats: RepeatMode | undefined): Counting {
  const told = (name: FactRow['fact']): FactRow['told'] =>
    rows.filter((row) => row.fact === name).flatMap((row) => row.told);
  const numberOf = (name: FactRow['fact']): number =>
    Math.min(...told(name).map(([, number]) => Number(number)));
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
    // Where nobody has asked: to look whether there are any takes as long as to read those of a few hours.
    has_stored_repeats: numberOf('repeats') > 0,
    erased_users: told('erased_users').map(([, erased_at, user_id]) => ({
      user_id,
      erased_at: String(erased_at),
    })),
    has_erased_calls: numberOf('erased_calls') > 0,
  };
}

/** Of a window. `repeats` may be asked for instead of found out. */
export function ofWindow(scope: CountingScope, repeats?: RepeatMode): FirstStatements {
  const from = Math.floor(scope.from_ms / MS_PER_HOUR) - 1;
  const to = Math.floor((scope.to_ms - 1) / MS_PER_HOUR) + 1;
  const inHours = `hour >= ${from} AND hour <= ${to}`;
  return {
    statements: [hoursStatement(scope, inHours, true), knownStatement(scope, inHours, true)],
    read: (rows) => ({
      ...countingOf(rows as FactRow[], repeats),
      fails_if_overtaken: repeats === undefined,
    }),
  };
}

/** Of a few hours alone, and the two beside each; without their rollups, which no lookup reads. */
export function ofSomeHours(scope: Scope, hours: readonly number[], repeats?: RepeatMode): FirstStatements {
  const inHours = hoursIn(hours.flatMap((hour) => [hour - 1, hour, hour + 1]));
  return {
    statements: [hoursStatement(scope, inHours, false), knownStatement(scope, inHours, false)],
    read: (rows) => countingOf(rows as FactRow[], repeats),
  };
}

/**
 * Of a project whatever the hours. It says nothing of them, and takes for granted that the repeats in them are known: who
 * uses it has to see to that.
 */
export function ofProject(scope: Scope): FirstStatements {
  return {
    statements: [knownStatement(scope, '1', false)],
    read: (rows) => countingOf(rows as FactRow[], 'stored'),
  };
}

/** Asks them at the same time. */
export async function askFirst(
  { statements, read }: FirstStatements,
  ask: (statement: Statement) => Promise<unknown[]>,
): Promise<Counting> {
  return read((await Promise.all(statements.map(ask))).flat());
}
