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

export interface SnapshotScope {
  database: string;
  project: Project;
}

const COLUMNS = 'name, toFloat64(toUnixTimestamp64Milli(created_at)) AS created_ms, query';
/** Of several that were made at once under one name the first is it, until the others have withdrawn. */
const FIRST_OF_NAME = 'ORDER BY name, created_at, id LIMIT 1 BY name';

function ofProject({ database, project }: SnapshotScope, values: BoundValues): string {
  return `${values.bind('Identifier', database)}.snapshots FINAL WHERE project = ${values.bind('String', project)}`;
}

export function oneSnapshotStatement(scope: SnapshotScope, name: string): Statement {
  const values = new BoundValues();
  const sql = `SELECT ${COLUMNS}, answer FROM ${ofProject(scope, values)} AND name = ${values.bind('String', name)}
${FIRST_OF_NAME}`;
  return { sql, params: values.params };
}

/** By name, those that come after `after`. */
export function snapshotsStatement(scope: SnapshotScope, after: string, limit: number): Statement {
  const values = new BoundValues();
  const sql = `SELECT ${COLUMNS} FROM ${ofProject(scope, values)} AND name > ${values.bind('String', after)}
${FIRST_OF_NAME} LIMIT ${values.bind('UInt32', limit)}`;
  return { sql, params: values.params };
}

/** Rows of `id`: all that have the name, the first first. */
export function claimsStatement(scope: SnapshotScope, name: string): Statement {
  const values = new BoundValues();
  const sql = `SELECT id FROM ${ofProject(scope, values)} AND name = ${values.bind('String', name)} ORDER BY created_at, id`;
  return { sql, params: values.params };
}

/** Removes all of a name, or the one with the id; to be run with `mutations_sync`. */
export function removeSnapshotStatement(
  { database, project }: SnapshotScope,
  name: string,
  id?: string,
): Statement {
  const values = new BoundValues();
  const own = id === undefined ? '' : ` AND id = ${values.bind('String', id)}`;
  const sql = `ALTER TABLE ${database}.snapshots DELETE
WHERE project = ${values.bind('String', project)} AND name = ${values.bind('String', name)}${own}`;
  return { sql, params: values.params };
}

/** The row to insert into `snapshots`. */
export function snapshotRow(project: Project, id: string, { name, created_ms, query, answer }: FrozenRow) {
  return { project, name, id, query, answer, created_at: new Date(created_ms).toISOString().slice(0, 23) };
}
