/** How far settling has come, and what its audit found, of one project. */
import { BoundValues } from './bound-values.ts';
import type { Project } from './project.ts';
import type { Statement } from './statement.ts';

/** Times in milliseconds since 1970; 0 where there is none. */
export interface SettlingRow {
  /** Repeats are found among rows inserted before it. */
  examined_ms: number;
  settled_hours: number;
  audited_hours: number;
  differing_hours: number;
  newest_audit_ms: number;
  oldest_audit_ms: number;
}

/** One row. */
export function settlingStatusStatement(database: string, project: Project): Statement {
  const values = new BoundValues();
  const table = (name: string): string => `${values.bind('Identifier', database)}.${name}`;
  const own = `project = ${values.bind('String', project)}`;
  const ms = (aggregate: string): string => `toUnixTimestamp64Milli(${aggregate})`;
  const sql = `SELECT (SELECT ${ms('max(upto)')} FROM ${table('examined')}) AS examined_ms,
  (SELECT uniqExact(hour) FROM ${table('settled')} WHERE ${own} AND version != 0) AS settled_hours,
  a.1 AS audited_hours, a.2 AS differing_hours, a.3 AS newest_audit_ms, a.4 AS oldest_audit_ms
FROM (SELECT (SELECT (count(), countIf(differences > 0), ${ms('max(audited_at)')}, ${ms('min(audited_at)')})
  FROM ${table('audits')} FINAL WHERE ${own}) AS a)`;
  return { sql, params: values.params };
}
