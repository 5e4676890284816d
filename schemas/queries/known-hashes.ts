/** Which hashes of answers a project's calls have. */
import { BoundValues } from './bound-values.ts';
import type { Project } from './project.ts';
import type { Statement } from './statement.ts';

/** Rows of `hash`, hex, each of those asked for that some stored call has. */
export function knownHashesStatement(scope: {
  database: string;
  project: Project;
  hashes: readonly string[];
}): Statement {
  const values = new BoundValues();
  const hashes = values.bind('Array(String)', scope.hashes);
  const sql = `SELECT DISTINCT lower(hex(response_hash)) AS hash
FROM ${values.bind('Identifier', scope.database)}.calls
WHERE project = ${values.bind('String', scope.project)}
  AND response_hash IN (SELECT toFixedString(unhex(arrayJoin(${hashes})), 32))`;
  return { sql, params: values.params };
}
