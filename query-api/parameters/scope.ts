/** The window of a request as the scope of a query. */
import type { CountedScope } from '../../schemas/queries/counted-calls.ts';
import type { Project } from '../../schemas/queries/project.ts';
import type { RouteContext } from '../routes/context.ts';
import type { RawQuery } from './query-string.ts';
import { windowOf } from './window.ts';

const MS_PER_DAY = 86_400_000;

/** By default the last `days`. Throws Problem. */
export function scopeOf(raw: RawQuery, project: Project, context: RouteContext, days: number): CountedScope {
  const now_ms = context.now();
  const { database, retention } = context;
  const window = windowOf(raw, now_ms, { from: 'from', to: 'to' }, days * MS_PER_DAY);
  return { database, project, ...window, now_ms, calls_days: retention.calls_days };
}
