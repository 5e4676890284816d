/** How fresh the data is: the newest call of a project that has begun. */
import { BoundValues } from './bound-values.ts';
import { horizonMs } from './counted-calls.ts';
import type { Project } from './project.ts';
import { MS_PER_HOUR } from './settling/times.ts';
import type { Statement } from './statement.ts';

export interface NewestCallRow {
  started_ms: number;
  inserted_ms: number;
}

/**
 * No row if there is none. Calls of clocks that run ahead are passed over. The newest hour is looked for first: the
 * sort key leads to it, whatever the retention. A call that was sent twice started when it started, so no FINAL.
 */
export function newestCallStatement(scope: {
  database: string;
  project: Project;
  now_ms: number;
  calls_days: number;
}): Statement {
  const values = new BoundValues();
  const horizon_ms = horizonMs(scope);
  const time = (ms: number): string => `fromUnixTimestamp64Milli(${values.bind('Int64', ms)}, 'UTC')`;
  const hour = (ms: number): string => values.bind('Int32', Math.floor(ms / MS_PER_HOUR));
  const begun = `FROM ${values.bind('Identifier', scope.database)}.calls
WHERE project = ${values.bind('String', scope.project)}
  AND hour >= ${hour(horizon_ms)} AND hour <= ${hour(scope.now_ms)}
  AND started_at >= ${time(horizon_ms)} AND started_at <= ${time(scope.now_ms)} AND kind = 'call'`;
  const sql = `SELECT toUnixTimestamp64Milli(started_at) AS started_ms, toUnixTimestamp64Milli(inserted_at) AS inserted_ms
${begun}
  AND hour = (SELECT hour ${begun} ORDER BY hour DESC LIMIT 1)
ORDER BY started_at DESC
LIMIT 1`;
  return { sql, params: values.params };
}
