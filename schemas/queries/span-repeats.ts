/** Whether stored spans are repeats of others, by the pairs that have been found: no call is read for it. */
import { BoundValues } from './bound-values.ts';
import { storedPairs } from './counted-calls.ts';
import type { Project } from './project.ts';
import { CLOCK_GRAIN_MS } from './settling/times.ts';
import type { Statement } from './statement.ts';

/** A row of `calls` by its sort key. Ids in hex; one identity in two hours is two of them. */
export interface SpanKey {
  hour: number;
  trace_id: string;
  span_id: string;
}

export interface SpanRepeats {
  /** Nothing about the spans can be missing: no row of their hours came after the last look for repeats. */
  complete: boolean;
  /** The span counts in the place of the repeat. */
  pairs: { repeat: SpanKey; by: SpanKey }[];
}

/** Of everything that may be long, so much is looked at. */
const MOST_PAIRS = 10_000;

type PairRow = [number, string, string, number, string, string];

/** The statement, and how its one row is read. */
export function spanRepeatsStatement(
  { database, project }: { database: string; project: Project },
  spans: readonly SpanKey[],
): Statement & { read(rows: readonly unknown[]): SpanRepeats } {
  const values = new BoundValues();
  const own = `project = ${values.bind('String', project)}`;
  const hours = [...new Set(spans.map(({ hour }) => Math.trunc(hour)))];
  const near = [...new Set(hours.flatMap((hour) => [hour - 1, hour, hour + 1]))];
  const list = (items: readonly string[]): string => values.bind('Array(String)', items);
  const keys = `SELECT toInt32(k.1), toFixedString(unhex(k.2), 16), toFixedString(unhex(k.3), 8)
      FROM (SELECT arrayJoin(arrayZip(${list(spans.map(({ hour }) => String(hour)))}, ${list(spans.map(({ trace_id }) => trace_id))}, ${list(spans.map(({ span_id }) => span_id))})) AS k)`;
  const pairs = storedPairs(
    database,
    `${own} AND hour IN (${hours.join(', ')}) AND (hour, trace_id, span_id) IN (${keys})`,
  );
  const hex = (name: string): string => `lower(hex(${name}))`;
  // What is complete is said first: pairs are stored before that they have been looked for.
  const sql = `SELECT (SELECT toUnixTimestamp64Milli(max(upto)) FROM ${database}.examined) AS examined_ms,
  (SELECT toUnixTimestamp64Milli(max(inserted_at)) FROM ${database}.calls WHERE ${own} AND hour IN (${near.join(', ')})) AS newest_ms,
  (SELECT groupArray(${MOST_PAIRS})((hour, ${hex('trace_id')}, ${hex('span_id')}, by_hour, ${hex('by_trace_id')}, ${hex('by_span_id')}))
    FROM (${pairs} ORDER BY hour, trace_id, span_id, by_trace_id, by_span_id)) AS pairs`;
  const read = (rows: readonly unknown[]): SpanRepeats => {
    const row = rows[0] as { examined_ms: string | number; newest_ms: string | number; pairs: PairRow[] };
    return {
      complete: Number(row.newest_ms) <= Number(row.examined_ms) - CLOCK_GRAIN_MS,
      pairs: row.pairs.map(([hour, trace_id, span_id, by_hour, by_trace_id, by_span_id]) => ({
        repeat: { hour, trace_id, span_id },
        by: { hour: by_hour, trace_id: by_trace_id, span_id: by_span_id },
      })),
    };
  };
  return { sql, params: values.params, read };
}
