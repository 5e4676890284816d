/** Whether stored spans are repeats of others, by the pairs that have been found: no call is read for it. */
import { BoundValues } from './bound-values.ts';
import { storedPairs } from './counted-calls.ts';
import { bytes, hoursIn, literals } from './lookup-hours.ts';
import type { Project } from './project.ts';
import type { Statement } from './statement.ts';

/** A row of `calls` by its sort key. Ids in hex; one identity in two hours is two of them. */
export interface SpanKey {
  hour: number;
  trace_id: string;
  span_id: string;
}

export interface SpanRepeats {
  /** When the newest row of the spans' hours and those beside them was inserted, in milliseconds since 1970. */
  newest_ms: number;
  /** The span counts in the place of the repeat. */
  pairs: { repeat: SpanKey; by: SpanKey }[];
}

/** Of everything that may be long, so much is looked at. */
const MOST_PAIRS = 10_000;

interface PairRow extends SpanKey {
  by_hour: number;
  by_trace_id: string;
  by_span_id: string;
  newest_ms: string | number;
}

type RepeatsStatement = Statement & { read(rows: readonly unknown[]): SpanRepeats };
interface Scope {
  database: string;
  project: Project;
}

function repeatsStatement(
  { database, project }: Scope,
  hours: readonly number[],
  spans: (values: BoundValues) => string,
): RepeatsStatement {
  const values = new BoundValues();
  const own = `project = ${values.bind('String', project)}`;
  const near = hoursIn(hours.flatMap((hour) => [hour - 1, hour, hour + 1]));
  const pairs = storedPairs(database, `${own} AND ${hoursIn(hours)} AND ${spans(values)}`);
  const sql = `SELECT toInt32(0) AS hour, '' AS trace_id, '' AS span_id, toInt32(0) AS by_hour, '' AS by_trace_id,
  '' AS by_span_id, toUnixTimestamp64Milli(newest) AS newest_ms
FROM (SELECT max(inserted_at) AS newest FROM ${database}.calls WHERE ${own} AND ${near})
UNION ALL
SELECT p.hour AS hour, lower(hex(p.trace_id)), lower(hex(p.span_id)), p.by_hour, lower(hex(p.by_trace_id)),
  lower(hex(p.by_span_id)), toInt64(0)
FROM (${pairs} ORDER BY hour, trace_id, span_id, by_trace_id, by_span_id LIMIT ${MOST_PAIRS}) AS p`;
  const read = (rows: readonly unknown[]): SpanRepeats => ({
    newest_ms:
      rows.length > MOST_PAIRS
        ? Number.POSITIVE_INFINITY
        : Math.max(...(rows as PairRow[]).map(({ newest_ms }) => Number(newest_ms))),
    pairs: (rows as PairRow[])
      .filter(({ trace_id }) => trace_id !== '')
      .map(({ hour, trace_id, span_id, by_hour, by_trace_id, by_span_id }) => ({
        repeat: { hour, trace_id, span_id },
        by: { hour: by_hour, trace_id: by_trace_id, span_id: by_span_id },
      })),
  });
  return { sql, params: values.params, read };
}

/** The statement of some spans, and how its rows are read. */
export function spanRepeatsStatement(scope: Scope, spans: readonly SpanKey[]): RepeatsStatement {
  const traces = literals(spans.map(({ trace_id }) => trace_id));
  const ids = literals(spans.map(({ span_id }) => span_id));
  const hours = spans.map(({ hour }) => hour);
  const { read, ...statement } = repeatsStatement(
    scope,
    hours,
    () => `trace_id IN (${traces}) AND span_id IN (${ids})`,
  );
  const text = ({ hour, trace_id, span_id }: SpanKey): string => `${hour}/${trace_id}/${span_id}`;
  const asked = new Set(spans.map(text));
  return {
    ...statement,
    read: (rows) => {
      const { newest_ms, pairs } = read(rows);
      return { newest_ms, pairs: pairs.filter(({ repeat }) => asked.has(text(repeat))) };
    },
  };
}

/** The same of whatever is stored of a trace, or of one of its spans, in some hours. */
export function traceRepeatsStatement(
  scope: Scope,
  { trace_id, span_id }: { trace_id: string; span_id?: string },
  hours: readonly number[],
): RepeatsStatement {
  return repeatsStatement(scope, hours, (values) => {
    const trace = `trace_id = ${bytes(values, trace_id, 16)}`;
    return span_id === undefined ? trace : `${trace} AND span_id = ${bytes(values, span_id, 8)}`;
  });
}
