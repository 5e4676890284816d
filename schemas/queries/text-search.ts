/** Searching payloads: calls of which a text was said. */
import type { BoundValues } from './bound-values.ts';
import { type CountedScope, notErased, storedPairs } from './counted-calls.ts';
import { hoursIn } from './lookup-hours.ts';
import { MS_PER_HOUR } from './settling/times.ts';
import { formsPattern } from './text-forms.ts';

const MS_PER_DAY = 24 * MS_PER_HOUR;
/** A repeat starts up to an hour beside its call, and a part of its payload may be told an hour beside that. */
const HOURS_BESIDE = 2;
/** More of them are one range. */
const MOST_LISTED = 1_000;
const TEXTS = ['input', 'output', 'system'] as const;

/** Hours in which payloads of calls of the window may lie, or of these hours of it, and are kept. */
function payloadHours(scope: CountedScope, horizon_ms: number, hours?: readonly number[]): string {
  const hourOf = (ms: number): number => Math.floor(ms / MS_PER_HOUR);
  const first = hourOf(Math.max(scope.from_ms, horizon_ms)) - HOURS_BESIDE;
  const last = hourOf(scope.to_ms - 1) + HOURS_BESIDE;
  const beside = Array.from({ length: 2 * HOURS_BESIDE + 1 }, (_, at) => at - HOURS_BESIDE);
  const near = hours && [...new Set(hours.flatMap((hour) => beside.map((by) => hour + by)))];
  const kept = near?.filter((hour) => hour >= first);
  return kept && kept.length <= MOST_LISTED ? hoursIn(kept) : `hour >= ${first} AND hour <= ${last}`;
}

/**
 * A condition on calls: their payload holds the text, or that of a span that tells of them again does, or that of a repeat
 * of such a span. Repeats that nobody has looked for yet say nothing. `hours` are those of the window that are searched.
 */
export function holdsText(
  { scope, payloads_days }: { scope: CountedScope; payloads_days: number },
  text: string,
  values: BoundValues,
  hours?: readonly number[],
): string {
  const horizon_ms = scope.now_ms - payloads_days * MS_PER_DAY;
  const pattern = formsPattern(text);
  const wanted = values.bind('String', pattern ?? text);
  const found = TEXTS.map((column) =>
    pattern === undefined
      ? `positionCaseInsensitiveUTF8(${column}, ${wanted}) > 0`
      : `match(${column}, ${wanted})`,
  );
  const project = `project = ${values.bind('String', scope.project)}`;
  const near = `${project} AND ${payloadHours(scope, horizon_ms, hours)}`;
  // An erased user's span may come late, and lies there for an hour: what it told is nobody's.
  const kept = notErased(scope, project, near, values);
  const shown = (spans: string): string =>
    kept.length === 0
      ? ''
      : ` AND (hour, trace_id, span_id) IN (SELECT hour, trace_id, span_id FROM ${scope.database}.calls FINAL
        WHERE ${near} AND trace_id IN (SELECT trace_id FROM ${spans}) AND ${kept.join(' AND ')})`;
  const retold = (spans: string): string =>
    `SELECT by_trace_id AS trace_id, by_span_id AS span_id
      FROM (${storedPairs(scope.database, `${near} AND (trace_id, span_id) IN (SELECT trace_id, span_id FROM ${spans})${shown(spans)}`)})`;
  // Materialized, payloads are looked through once, however often what was found is named.
  return `(trace_id, span_id) IN (
    WITH told AS MATERIALIZED (SELECT trace_id, span_id FROM ${scope.database}.payloads FINAL
      WHERE ${near} AND started_at >= fromUnixTimestamp64Milli(${values.bind('Int64', horizon_ms)}, 'UTC')
      AND (${found.join(' OR ')})),
    told_again AS MATERIALIZED (${retold('told')})
    SELECT trace_id, span_id FROM told UNION ALL SELECT trace_id, span_id FROM told_again
    UNION ALL ${retold('told_again')})`;
}
