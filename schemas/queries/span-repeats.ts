/** Whether stored spans are repeats of others, by the pairs that have been found: no call is read for it. */
import { BoundValues } from './bound-values.ts';
import { storedPairs } from './counted-calls.ts';
import { areSpans, bytes, hoursIn } from './lookup-hours.ts';
import type { Project } from './project.ts';
import { moment } from './settling/times.ts';
import type { Statement } from './statement.ts';

/** A row of `calls` by its sort key. Ids in hex; one identity in two hours is two of them. */
export interface SpanKey {
  hour: number;
  trace_id: string;
  span_id: string;
}

/** Tells one from another. */
export const textOf = ({ hour, trace_id, span_id }: SpanKey): string => `${hour}/${trace_id}/${span_id}`;

/** The span counts in the place of the repeat. */
export interface SpanPair {
  repeat: SpanKey;
  by: SpanKey;
}

export interface SpanRepeats {
  /** When the newest row of the spans' hours and those beside them was inserted, in milliseconds since 1970. */
  newest_ms: number;
  pairs: SpanPair[];
}

/** Of everything that may be long, so much is looked at. */
const MOST_PAIRS = 10_000;

export interface PairRow extends SpanKey {
  by_hour: number;
  by_trace_id: string;
  by_span_id: string;
}

export const pairOf = (row: PairRow): SpanPair => ({
  repeat: { hour: row.hour, trace_id: row.trace_id, span_id: row.span_id },
  by: { hour: row.by_hour, trace_id: row.by_trace_id, span_id: row.by_span_id },
});

type RepeatRow = PairRow & { newest_ms: string | number };

type RepeatsStatement = Statement & { read(rows: readonly unknown[]): SpanRepeats };
interface Scope {
  database: string;
  project: Project;
}

/** Columns of a SELECT over pairs that are named `p`, for `pairOf`. */
export const SHOWN_PAIR = `p.hour AS hour, lower(hex(p.trace_id)) AS trace_id, lower(hex(p.span_id)) AS span_id,
  p.by_hour AS by_hour, lower(hex(p.by_trace_id)) AS by_trace_id, lower(hex(p.by_span_id)) AS by_span_id`;
export const PAIR_ORDER = 'ORDER BY hour, trace_id, span_id, by_trace_id, by_span_id';

/** `which` is a condition on pairs, their hours among it. */
function repeatsStatement(
  { database, project }: Scope,
  hours: readonly number[],
  which: (values: BoundValues) => string,
): RepeatsStatement {
  const values = new BoundValues();
  const own = `project = ${values.bind('String', project)}`;
  const pairs = storedPairs(database, `${own} AND ${which(values)}`);
  const sql = `SELECT toInt32(0) AS hour, '' AS trace_id, '' AS span_id, toInt32(0) AS by_hour, '' AS by_trace_id,
  '' AS by_span_id, toUnixTimestamp64Milli(newest) AS newest_ms
FROM (SELECT max(inserted_at) AS newest FROM ${database}.calls WHERE ${own} AND ${besideHours(hours)})
UNION ALL
SELECT ${SHOWN_PAIR}, toInt64(0)
FROM (${pairs} ${PAIR_ORDER} LIMIT ${MOST_PAIRS}) AS p`;
  const read = (rows: readonly unknown[]): SpanRepeats => ({
    newest_ms:
      rows.length > MOST_PAIRS
        ? Number.POSITIVE_INFINITY
        : Math.max(...(rows as RepeatRow[]).map(({ newest_ms }) => Number(newest_ms))),
    pairs: (rows as RepeatRow[]).filter(({ trace_id }) => trace_id !== '').map(pairOf),
  });
  return { sql, params: values.params, read };
}

/** A condition on these hours and those beside them. */
export const besideHours = (hours: readonly number[]): string =>
  hoursIn(hours.flatMap((hour) => [hour - 1, hour, hour + 1]));

/** Pairs in which a span of these is on either side, and some others that share a trace and an id with two of them. */
export function touching(spans: readonly { trace_id: string; span_id: string }[]): string {
  return `(${areSpans(spans)} OR ${areSpans(spans, 'by_')})`;
}

/** The statement of some spans, and how its rows are read. */
export function spanRepeatsStatement(scope: Scope, spans: readonly SpanKey[]): RepeatsStatement {
  const hours = spans.map(({ hour }) => hour);
  const { read, ...statement } = repeatsStatement(
    scope,
    hours,
    () => `${hoursIn(hours)} AND ${areSpans(spans)}`,
  );
  return {
    ...statement,
    read: (rows) => {
      const { newest_ms, pairs } = read(rows);
      return { newest_ms, pairs: pairsAbout(spans, pairs) };
    },
  };
}

const pairsAbout = (spans: readonly SpanKey[], pairs: readonly SpanPair[]): SpanPair[] => {
  const asked = new Set(spans.map(textOf));
  return pairs.filter(({ repeat }) => asked.has(textOf(repeat)));
};

/**
 * The same as it was at a moment by which all rows of these hours and those beside them had been looked at: it says nothing
 * of rows that have come since, and costs three fifths.
 */
export function knownRepeatsStatement(
  { database, project }: Scope,
  spans: readonly SpanKey[],
  examined_ms: number,
): RepeatsStatement {
  const values = new BoundValues();
  const own = `project = ${values.bind('String', project)} AND ${hoursIn(spans.map(({ hour }) => hour))}`;
  const known = storedPairs(database, `${own} AND ${areSpans(spans)} AND at <= ${moment(examined_ms)}`);
  const sql = `SELECT ${SHOWN_PAIR}\nFROM (${known} ${PAIR_ORDER} LIMIT ${MOST_PAIRS + 1}) AS p`;
  const read = (rows: readonly unknown[]): SpanRepeats => ({
    newest_ms: rows.length > MOST_PAIRS ? Number.POSITIVE_INFINITY : examined_ms,
    pairs: pairsAbout(spans, (rows as PairRow[]).map(pairOf)),
  });
  return { sql, params: values.params, read };
}

/** The same of whatever is stored of a trace in some hours. */
export function traceRepeatsStatement(
  scope: Scope,
  trace_id: string,
  hours: readonly number[],
): RepeatsStatement {
  return repeatsStatement(
    scope,
    hours,
    (values) => `${hoursIn(hours)} AND trace_id = ${bytes(values, trace_id, 16)}`,
  );
}

/** The same of one span, with the pairs in which it strikes out another. */
export function spanPairsStatement(
  scope: Scope,
  span: { trace_id: string; span_id: string },
  hours: readonly number[],
): RepeatsStatement {
  return repeatsStatement(scope, hours, () => `${besideHours(hours)} AND ${touching([span])}`);
}
