/** Frozen comparisons, by their project and name. */
import { BoundValues } from './bound-values.ts';
import type { Project } from './project.ts';
import type { Statement } from './statement.ts';

export interface SnapshotRow {
  name: string;
  created_ms: number;
  /** Parameters of the comparison, as a query string. */
  query: string;
}

export interface FrozenRow extends SnapshotRow {
  /** The answer, as JSON. */
  answer: string;
}

interface SnapshotScope {
  database: string;
  project: Project;
}

const COLUMNS = 'name, toFloat64(toUnixTimestamp64Milli(created_at)) AS created_ms, query';

function from({ database, project }: SnapshotScope, values: BoundValues): string {
  return `FROM ${values.bind('Identifier', database)}.snapshots FINAL
WHERE project = ${values.bind('String', project)}`;
}

export function oneSnapshotStatement(scope: SnapshotScope, name: string): Statement {
  const values = new BoundValues();
  const sql = `SELECT ${COLUMNS}, answer ${from(scope, values)} AND name = ${values.bind('String', name)}`;
  return { sql, params: values.params };
}

/** By name, those that come after `after`. */
export function snapshotsStatement(scope: SnapshotScope, after: string, limit: number): Statement {
  const values = new BoundValues();
  const sql = `SELECT ${COLUMNS} ${from(scope, values)} AND name > ${values.bind('String', after)}
ORDER BY name LIMIT ${values.bind('UInt32', limit)}`;
  return { sql, params: values.params };
}

/** The row to insert into `snapshots`. */
export function snapshotRow(project: Project, { name, created_ms, query, answer }: FrozenRow) {
  return { project, name, query, answer, created_at: new Date(created_ms).toISOString().slice(0, 23) };
}
