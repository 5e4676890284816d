/** Which spans tell again of calls: pairs seen from the span that counts, and pairs that nobody has stored yet. */
import { BoundValues } from './bound-values.ts';
import { freshSpanCtes, storedPairs, TOUCHES_FRESH } from './counted-calls.ts';
import { areSpans, literals } from './lookup-hours.ts';
import type { Project } from './project.ts';
import { pairs } from './settling/pairs.ts';
import { moment } from './settling/times.ts';
import {
  besideHours,
  PAIR_ORDER,
  type PairRow,
  pairOf,
  SHOWN_PAIR,
  type SpanKey,
  type SpanPair,
  touching,
} from './span-repeats.ts';
import type { Statement } from './statement.ts';

interface Scope {
  database: string;
  project: Project;
}

type PairsStatement = Statement & { read(rows: readonly unknown[]): SpanPair[] };

/** Of a span that so many strike out no more is told: it sums several calls. */
const MOST_BY = 20;
/** Of everything that may be long, so much is looked at. */
const MOST_PAIRS = 10_000;

const read = (rows: readonly unknown[]): SpanPair[] => (rows as PairRow[]).map(pairOf);

const struckOutBySome = (pairs: string): string =>
  `SELECT ${SHOWN_PAIR} FROM (${pairs} ${PAIR_ORDER}
    LIMIT ${MOST_BY} BY hour, trace_id, span_id LIMIT ${MOST_PAIRS}) AS p`;

/** The pairs of these spans, of one that is struck out no more than MOST_BY. */
export function pairsOfSpansStatement(
  { database, project }: Scope,
  spans: readonly SpanKey[],
): PairsStatement {
  const values = new BoundValues();
  const near = `project = ${values.bind('String', project)} AND ${besideHours(spans.map(({ hour }) => hour))}`;
  const sql = struckOutBySome(storedPairs(database, `${near} AND ${touching(spans)}`));
  return { sql, params: values.params, read };
}

/** The same of every span of these traces that is struck out. `hours` are hours since 1970 that calls lie in. */
export function retoldInTracesStatement(
  { database, project }: Scope,
  trace_ids: readonly string[],
  hours: readonly number[],
): PairsStatement {
  const values = new BoundValues();
  const condition = `project = ${values.bind('String', project)} AND ${besideHours(hours)} AND trace_id IN (${literals(trace_ids)})`;
  return { sql: struckOutBySome(storedPairs(database, condition)), params: values.params, read };
}

/**
 * The pairs of spans of the traces of these spans, those among rows that nobody has looked at included; those in which one
 * of the spans is struck out come first.
 */
export function searchedPairsStatement(
  { database, project, examined_ms }: Scope & { examined_ms: number },
  spans: readonly SpanKey[],
): PairsStatement {
  const values = new BoundValues();
  const own = `project = ${values.bind('String', project)}`;
  const examined = moment(examined_ms);
  const hours = spans.map(({ hour }) => hour);
  const fresh = besideHours(hours);
  const near = besideHours(hours.flatMap((hour) => [hour - 1, hour, hour + 1]));
  const traces = literals(spans.map(({ trace_id }) => trace_id));
  const ofTraces = `(trace_id IN (${traces}) OR by_trace_id IN (${traces}))`;
  const known = storedPairs(database, `${own} AND ${fresh} AND at <= ${examined} AND ${ofTraces}`);
  const sql = `WITH ${freshSpanCtes(`${database}.calls`, own, { fresh, near }, examined).join(',\n')}
SELECT ${SHOWN_PAIR} FROM (
  SELECT * FROM (SELECT hour, trace_id, span_id, by_hour, by_trace_id, by_span_id FROM (${known}) WHERE NOT ${TOUCHES_FRESH}
  UNION ALL
  SELECT hour, trace_id, span_id, by_hour, by_trace_id, by_span_id FROM (${pairs()}) WHERE ${ofTraces})
  ORDER BY ${areSpans(spans)} DESC LIMIT ${MOST_PAIRS}) AS p`;
  return { sql, params: values.params, read };
}
