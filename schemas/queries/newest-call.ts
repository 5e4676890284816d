/** How fresh the data is: the newest call of a project that has begun. */
import { BoundValues } from './bound-values.ts';
import { horizonMs } from './counted-calls.ts';
import type { Project } from './project.ts';
import type { Statement } from './statement.ts';

const MS_PER_HOUR = 3_600_000;

export interface NewestCallRow {
  started_ms: number;
  inserted_ms: number;
}

/**
 * No row if there is none. Calls of clocks that run ahead are passed over. Reads from the newest hour backwards
 * and stops there, whatever the retention; a call that was sent twice started when it started, so no FINAL.
 */
export function newestCallStatement(scope: {
  database: string;
  project: Project;
  now_ms: number;
  calls_days: number;
}): Statement {
  const values = new BoundValues();
  const now = values.bind('Int64', scope.now_ms);
  const sql = `SELECT toUnixTimestamp64Milli(started_at) AS started_ms, toUnixTimestamp64Milli(inserted_at) AS inserted_ms
FROM ${values.bind('Identifier', scope.database)}.calls
WHERE project = ${values.bind('String', scope.project)}
  AND hour >= ${values.bind('Int32', Math.floor(horizonMs(scope) / MS_PER_HOUR))}
  AND hour <= ${values.bind('Int32', Math.floor(scope.now_ms / MS_PER_HOUR))}
  AND started_at <= fromUnixTimestamp64Milli(${now}, 'UTC') AND kind = 'call'
ORDER BY project DESC, hour DESC, started_at DESC
LIMIT 1`;
  return { sql, params: values.params };
}
