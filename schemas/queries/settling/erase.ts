/** Erasure of a user: which spans it takes, and how they go. */
import { FAILED_CALLS } from '../../tables/failed-calls.ts';
import { BoundValues } from '../bound-values.ts';
import { storedPairs } from '../counted-calls.ts';
import type { Statement } from '../statement.ts';
import { inShare, type Share } from './shares.ts';

export interface Erasure {
  database: string;
  project: string;
  /** As stored: a pseudonym unless raw ids are kept. */
  user_id: string;
  /** Microseconds; calls received later (by their version) are not taken. A UInt64, hence text. */
  erased_at: string;
}

const at = ({ erased_at }: Erasure): string => `toUInt64('${BigInt(erased_at)}')`;

function build(make: (values: BoundValues) => string): Statement {
  const values = new BoundValues();
  const sql = make(values);
  return { sql, params: values.params };
}

/** From here on no answer counts the user's calls. */
export function recordErasure(erasure: Erasure): Statement {
  return build(
    (values) => `INSERT INTO ${erasure.database}.erasures (project, user_id, erased_at)
SELECT ${values.bind('String', erasure.project)}, ${values.bind('String', erasure.user_id)}, ${at(erasure)}`,
  );
}

const taken = ({ database }: Erasure, project: string): string =>
  `SELECT hour, trace_id, span_id FROM ${database}.erased_calls WHERE project = ${project}`;

/** Spans that the erasure has taken, of a share. */
const takenOfShare = (erasure: Erasure, project: string, share: Share): string =>
  `${taken(erasure, project)} AND erased_at = ${at(erasure)} AND ${inShare(share, 'trace_id')}`;

/** Takes the user's own spans. */
export function takeOwnSpans(erasure: Erasure, share: Share): Statement {
  return build((values) => {
    const project = values.bind('String', erasure.project);
    return `INSERT INTO ${erasure.database}.erased_calls (project, hour, trace_id, span_id, erased_at)
SELECT DISTINCT project, hour, trace_id, span_id, ${at(erasure)} FROM ${erasure.database}.calls
WHERE project = ${project} AND user_id = ${values.bind('String', erasure.user_id)} AND version <= ${at(erasure)}
  AND ${inShare(share, 'trace_id')} AND (hour, trace_id, span_id) NOT IN (${takenOfShare(erasure, project, share)})`;
  });
}

/**
 * Takes the spans that tell of the same calls as those of a share that are taken already: one step along the pairs.
 * Takes again what is taken.
 */
export function takePartners(erasure: Erasure, share: Share): Statement {
  return build((values) => {
    const project = values.bind('String', erasure.project);
    const mine = takenOfShare(erasure, project, share);
    const near = `SELECT arrayJoin([hour - 1, hour, hour + 1]) FROM (${mine})`;
    const [one, other] = ['(hour, trace_id, span_id)', '(by_hour, by_trace_id, by_span_id)'];
    // Before what was found of each pair is brought together: a project's pairs may be very many.
    const touching = `hour IN (${near}) AND (${one} IN (${mine}) OR ${other} IN (${mine}))`;
    return `INSERT INTO ${erasure.database}.erased_calls (project, hour, trace_id, span_id, erased_at)
SELECT DISTINCT ${project}, span.1, span.2, span.3, ${at(erasure)} FROM (
  SELECT arrayJoin([${one}, ${other}]) AS span
  FROM (${storedPairs(erasure.database, `project = ${project} AND ${touching}`)}))`;
  });
}

/** Rows of `hour` and `spans` that the erasure has taken. */
export function takenStatement(erasure: Erasure): Statement {
  return build(
    (values) => `SELECT hour, count() AS spans FROM ${erasure.database}.erased_calls FINAL
WHERE project = ${values.bind('String', erasure.project)} AND erased_at = ${at(erasure)} GROUP BY hour ORDER BY hour`,
  );
}

export type ErasableTable = 'calls' | typeof FAILED_CALLS | 'payloads' | 'scores';

/**
 * What of a table goes. Scores are found by span: an answer's hash may be others' too. What failed is found by its user as
 * well: a delivery that another has replaced is there alone.
 */
function condition(erasure: Erasure, table: ErasableTable, values: BoundValues): string {
  const project = values.bind('String', erasure.project);
  const mine = `${taken(erasure, project)} AND erased_at = ${at(erasure)}`;
  if (table === 'scores')
    return `project = ${project} AND (trace_id, span_id) IN (SELECT trace_id, span_id FROM (${mine}))`;
  const taken_span = `(hour, trace_id, span_id) IN (${mine})`;
  const own = `user_id = ${values.bind('String', erasure.user_id)} AND version <= ${at(erasure)}`;
  return `project = ${project} AND ${table === FAILED_CALLS ? `(${taken_span} OR ${own})` : taken_span}`;
}

/** One row: `number` of rows of the table that are still to go. */
export function erasableStatement(erasure: Erasure, table: ErasableTable): Statement {
  return build(
    (values) =>
      `SELECT count() AS number FROM ${erasure.database}.${table}${table === 'calls' ? ' FINAL' : ''} WHERE ${condition(erasure, table, values)}`,
  );
}

/** Removes the bytes; to be run with `mutations_sync`. */
export function eraseStatement(erasure: Erasure, table: ErasableTable): Statement {
  return build(
    (values) => `ALTER TABLE ${erasure.database}.${table} DELETE WHERE ${condition(erasure, table, values)}`,
  );
}

/** One row: `number` of erasures since then. */
export function recentErasuresStatement(database: string, since_us: string): string {
  return `SELECT count() AS number FROM ${database}.erasures WHERE erased_at > toUInt64('${BigInt(since_us)}')`;
}

/** `project`, `user_id`, `erased_at` of erasures whose calls have come again since, out of a log that still held them. */
export function returnedStatement(database: string, since_us: string): string {
  const told = ['calls', FAILED_CALLS].map(
    (table) =>
      `SELECT project, user_id, version FROM ${database}.${table} WHERE user_id IN (SELECT user_id FROM since)`,
  );
  return `WITH since AS (SELECT project, user_id, max(erased_at) AS upto FROM ${database}.erasures
  WHERE erased_at > toUInt64('${BigInt(since_us)}') GROUP BY project, user_id)
SELECT told.project AS project, told.user_id AS user_id, toString(any(since.upto)) AS erased_at
FROM (${told.join(' UNION ALL ')}) AS told
INNER JOIN since ON told.project = since.project AND told.user_id = since.user_id
WHERE told.version <= since.upto
GROUP BY project, user_id`;
}

const IDENTITY = 'project, hour, trace_id, span_id';

export type LeavingTable = Exclude<ErasableTable, 'scores'>;

/**
 * A condition on rows that tell of erased spans and which no erasure takes: calls that were received after it, since their
 * sender tried again, payloads and failures whenever they came. Calls from before it are its own to remove: it unsettles first.
 */
function leftOfErased(database: string, table: LeavingTable): string {
  const erased = `SELECT ${IDENTITY} FROM ${database}.erased_calls`;
  if (table !== 'calls') return `(${IDENTITY}) IN (${erased})`;
  return `(${IDENTITY}) IN (SELECT ${IDENTITY} FROM (
    SELECT ${IDENTITY}, max(version) AS received FROM ${database}.calls WHERE (${IDENTITY}) IN (${erased}) GROUP BY ${IDENTITY}) AS sent
  INNER JOIN (SELECT ${IDENTITY}, max(erased_at) AS upto FROM ${database}.erased_calls GROUP BY ${IDENTITY}) AS gone
  USING (${IDENTITY}) WHERE received > upto)`;
}

/** One row: `number` of such rows. */
export function leftOfErasedStatement(database: string, table: LeavingTable): string {
  return `SELECT count() AS number FROM ${database}.${table} WHERE ${leftOfErased(database, table)}`;
}

/** Removes their bytes; to be run with `mutations_sync`. No answer and no rollup counts them. */
export function removeLeftOfErased(database: string, table: LeavingTable): string {
  return `ALTER TABLE ${database}.${table} DELETE WHERE ${leftOfErased(database, table)}`;
}
