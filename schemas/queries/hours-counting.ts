/**
 * The first statements of a lookup: what counting.ts says of a window, of a few hours alone, and without their rollups,
 * which no lookup reads. Facts are one union: as scalars, the same questions take twice as long, most of it planning.
 */
import { BoundValues } from './bound-values.ts';
import {
  type Counting,
  type CountingScope,
  ERASURES_APPLY_MS,
  type ErasedUser,
  type RepeatMode,
} from './counting.ts';
import { hoursWith, type LookupTerm } from './lookup-hours.ts';
import type { Project } from './project.ts';
import { CLOCK_GRAIN_MS } from './settling/times.ts';
import type { Statement } from './statement.ts';

type Scope = Pick<CountingScope, 'database' | 'project' | 'now_ms'>;

interface FactRow {
  fact: 'now' | 'examined' | 'hour' | 'erased_user' | 'erased_call';
  hour: number;
  ms: number | string;
  /** A number or a user, as the fact has it. */
  about: string;
  rows: number | string;
}

/** A SELECT of one kind of fact; what it does not tell is empty. */
const fact = (
  name: FactRow['fact'],
  told: { hour?: string; ms?: string; about?: string; rows?: string },
  from: string,
): string =>
  `SELECT '${name}' AS fact, ${told.hour ?? 'toInt32(0)'} AS hour, toInt64(${told.ms ?? 0}) AS ms, ${told.about ?? "''"} AS about, ${told.rows ?? 'toUInt64(0)'} AS rows ${from}`;

/** The time, how far repeats are known, and what is erased; `range` is a condition on calls that are erased one by one. */
const common = ({ database: db, now_ms }: Scope, own: string, range: string): string[] => [
  fact('now', { ms: 'toUnixTimestamp64Milli(now64(3))' }, ''),
  fact('examined', { ms: 'toUnixTimestamp64Milli(max(upto))' }, `FROM ${db}.examined`),
  fact(
    'erased_user',
    { about: 'user_id', rows: 'erased_at' },
    `FROM ${db}.erasures FINAL WHERE ${own} AND erased_at > ${Math.trunc(now_ms - ERASURES_APPLY_MS)} * 1000`,
  ),
  fact('erased_call', {}, `FROM (SELECT 1 FROM ${db}.erased_calls WHERE ${range} LIMIT 1)`),
];

const union = (selects: readonly string[]): string => selects.join('\nUNION ALL\n');

function countingOf(facts: readonly FactRow[], repeats?: RepeatMode): Counting {
  const of = (name: FactRow['fact']): FactRow[] => facts.filter((row) => row.fact === name);
  const examined_ms = Number(of('examined')[0]!.ms) - CLOCK_GRAIN_MS;
  const hours = of('hour')
    .map(({ hour, ms, rows }) => ({
      hour,
      newest_ms: Number(ms),
      rows: Number(rows),
      version: '0',
      watermark_ms: 0,
    }))
    .sort((a, b) => a.hour - b.hour);
  return {
    as_of_ms: Number(of('now')[0]!.ms),
    examined_ms,
    hours,
    repeats: repeats ?? (hours.every(({ newest_ms }) => newest_ms <= examined_ms) ? 'stored' : 'searched'),
    // To look whether there are any takes as long as to read them.
    has_stored_repeats: true,
    erased_users: of('erased_user').map(
      ({ about, rows }): ErasedUser => ({ user_id: about, erased_at: String(rows) }),
    ),
    has_erased_calls: of('erased_call').length > 0,
  };
}

/**
 * Like `countingStatement`, in two statements that may be asked at the same time: a row that one knows of and the other
 * does not is younger than the last look for repeats. `hours` are hours since 1970, and the two beside each are looked at
 * as well.
 */
export function hoursCountingStatements(
  scope: CountingScope,
  hours: readonly number[],
  repeats?: RepeatMode,
): { statements: Statement[]; read(rows: readonly unknown[]): Counting } {
  const near = [...new Set(hours.flatMap((hour) => [hour - 1, hour, hour + 1]))];
  const inHours = `hour IN (${near.map((hour) => Math.trunc(hour)).join(', ')})`;
  const newest = { hour: 'hour', ms: 'toUnixTimestamp64Milli(max(inserted_at))', rows: 'count()' };
  const values = new BoundValues();
  const range = `project = ${values.bind('String', scope.project)} AND ${inHours}`;
  const ofHours = fact('hour', newest, `FROM ${scope.database}.calls WHERE ${range} GROUP BY project, hour`);
  return {
    statements: [{ sql: ofHours, params: values.params }, knownStatement(scope, inHours)],
    read: (rows) => countingOf(rows as FactRow[], repeats),
  };
}

/** What `countingOf` reads beside the hours; `range` is a condition on calls that are erased one by one. */
function knownStatement(scope: Scope, range: string): Statement {
  const values = new BoundValues();
  const own = `project = ${values.bind('String', scope.project)}`;
  return { sql: union(common(scope, own, `${own} AND ${range}`)), params: values.params };
}

/** A SELECT of `hour`: where calls with the terms may lie; `window` is a condition on `hour`. */
export function lookupHoursStatement(
  scope: Scope & { project: Project },
  terms: readonly LookupTerm[],
  window?: string,
): Statement {
  const values = new BoundValues();
  const sql = hoursWith(scope, terms, values, window);
  return { sql, params: values.params };
}

/**
 * What is known of a project whatever the hours. It says nothing of them, and takes for granted that the repeats in them are
 * known: who uses it has to see to that.
 */
export function lookupCountingStatement(
  scope: Scope,
): Statement & { read(rows: readonly unknown[]): Counting } {
  return { ...knownStatement(scope, '1'), read: (rows) => countingOf(rows as FactRow[], 'stored') };
}
