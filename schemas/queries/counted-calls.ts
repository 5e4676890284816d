/**
 * Which rows count: the newest version of each identity, in one project and window, not expired, and no carrier
 * whose calls are there themselves. Every number of the API is a function of these rows, so what is to be left
 * out (repeats, erased users) is left out here.
 */
import type { BoundValues } from './bound-values.ts';
import type { Project } from './project.ts';

const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 24 * MS_PER_HOUR;

export interface CountedScope {
  database: string;
  project: Project;
  /** The window [from_ms, to_ms), in milliseconds since 1970. */
  from_ms: number;
  to_ms: number;
  now_ms: number;
  /** Days that calls are kept: older ones are hidden from the moment they expire. */
  calls_days: number;
}

/** The first moment that retention still shows. */
export function horizonMs({ now_ms, calls_days }: { now_ms: number; calls_days: number }): number {
  return now_ms - calls_days * MS_PER_DAY;
}

/** A SELECT of every column of the counted calls. */
export function countedCalls(scope: CountedScope, values: BoundValues): string {
  const from_ms = Math.max(scope.from_ms, horizonMs(scope));
  const fromHour = Math.floor(from_ms / MS_PER_HOUR);
  const toHour = Math.floor((scope.to_ms - 1) / MS_PER_HOUR);
  const project = values.bind('String', scope.project);
  const table = `${values.bind('Identifier', scope.database)}.calls`;
  const hour = (value: number): string => values.bind('Int32', value);
  // Rows are placed by hour, so hours prune what is read; the times then cut within the first and the last.
  const window = `project = ${project}
    AND hour >= ${hour(fromHour)} AND hour <= ${hour(toHour)}
    AND started_at >= fromUnixTimestamp64Milli(${values.bind('Int64', from_ms)}, 'UTC')
    AND started_at < fromUnixTimestamp64Milli(${values.bind('Int64', scope.to_ms)}, 'UTC')`;
  // The calls of a carrier at the window's edge may lie in the hour beside it.
  const around = `project = ${project} AND hour >= ${hour(fromHour - 1)} AND hour <= ${hour(toHour + 1)}`;
  return `SELECT * FROM ${table} FINAL
  WHERE ${window}
    AND (kind = 'call' OR (trace_id, span_id) NOT IN (${repeatedCarriers(table, window, around)}))`;
}

/**
 * Carriers that tell again of calls which are stored themselves: some call of the trace starts within the
 * carrier's interval, give or take a second, and within an hour of its start.
 */
function repeatedCarriers(table: string, window: string, around: string): string {
  return `
      SELECT carrier_trace_id, carrier_span_id
      FROM (
        SELECT trace_id AS carrier_trace_id, span_id AS carrier_span_id,
          toUnixTimestamp64Micro(started_at) AS carrier_from_us,
          carrier_from_us + toInt64(least(duration_ms * 1000, 3600000000)) AS carrier_to_us
        FROM ${table} FINAL
        WHERE ${window} AND kind = 'carrier'
      ) AS carriers
      INNER JOIN (
        SELECT trace_id, toUnixTimestamp64Micro(started_at) AS from_us
        FROM ${table} FINAL
        WHERE ${around} AND kind = 'call'
          AND trace_id IN (SELECT trace_id FROM ${table} WHERE ${window} AND kind = 'carrier')
      ) AS calls_within ON trace_id = carrier_trace_id
      WHERE from_us >= carrier_from_us - 1000000 AND from_us <= carrier_to_us + 1000000`;
}
