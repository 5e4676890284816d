/** The scores of one call: those that name it, and those that count for it by what else they name. */
import { BoundValues } from './bound-values.ts';
import { type CallKey, microsecondsOf } from './call-columns.ts';
import { withCtes } from './counted-calls.ts';
import { bytes, hoursIn, literals } from './lookup-hours.ts';
import { keptScores, type ScoredScope, scoreTargets, wayName } from './score-targets.ts';
import type { Statement } from './statement.ts';

/** By its span, for a span in whose place it counts, by the hash or by the provider's id of its answer. */
export const SCORE_WAYS = ['span', 'repeat', 'response_hash', 'response_id'] as const;

export interface ShownScore {
  name: string;
  source: string;
  value: number;
  label: string;
  scored_at: string;
  /** How the score names the call. */
  by: (typeof SCORE_WAYS)[number];
}

export interface ScoredCall extends CallKey {
  response_hash: string | null;
  response_id: string;
}

const MOST_SCORES = 1_000;
const NONE = (width: number): string => `toFixedString('', ${width})`;

const hoursOf = ({ started_at }: CallKey): number[] => {
  const hour = Math.floor(microsecondsOf(started_at) / 3_600_000_000);
  return [hour - 1, hour, hour + 1];
};

/** Scores that may count for the call by another span or by an answer's id: few others, as they share a trace with it. */
function others(call: ScoredCall, tellers: readonly string[], values: BoundValues): string {
  const near = `(trace_id IN (${literals([call.trace_id, ...tellers])}) AND span_id != ${NONE(8)})`;
  return call.response_id === ''
    ? near
    : `(${near} OR response_id = ${values.bind('String', call.response_id)})`;
}

const COLUMNS = 'name, source, value, label, scored_at';
/** Of a table `found`: an alias that names a column would be taken for it in conditions. */
const SHOWN = `found.name AS name, found.source AS source, found.value AS value, found.label AS label,
  formatDateTime(found.scored_at, '%Y-%m-%dT%H:%i:%S.%fZ') AS scored_at`;

/**
 * Rows of `ShownScore`: scores that name the call itself or its answer by its hash; and one, empty, if there may be others.
 * `tellers` are the traces of its repeats.
 */
export function ownScoresStatement(
  scope: ScoredScope,
  call: ScoredCall,
  tellers: readonly string[],
): Statement {
  const values = new BoundValues();
  // Beginnings of the sort key: what is named by its answer has no ids.
  const own = `trace_id = ${bytes(values, call.trace_id, 16)} AND span_id = ${bytes(values, call.span_id, 8)}`;
  const ways = [['span', own]];
  if (call.response_hash !== null) {
    const hash = bytes(values, call.response_hash, 32);
    ways.push([
      'response_hash',
      `trace_id = ${NONE(16)} AND span_id = ${NONE(8)} AND response_hash = ${hash}`,
    ]);
  }
  const selects = ways.map(([by, way]) => keptScores(scope, `${COLUMNS}, '${by}' AS by`, way!, values));
  const other = keptScores(
    scope,
    "'' AS name, '' AS source, toFloat64(0) AS value, '' AS label, scored_at, '' AS by",
    `${others(call, tellers, values)} AND NOT (${own})`,
    values,
  );
  const sql = `SELECT ${SHOWN}, found.by AS by
FROM (${[...selects, `SELECT * FROM (${other} LIMIT 1)`].join('\n  UNION ALL\n  ')}) AS found
LIMIT ${MOST_SCORES}`;
  return { sql, params: values.params };
}

/** Rows of `ShownScore`: scores that count for the call though they do not name its span. */
export function otherScoresStatement(
  scope: ScoredScope,
  call: ScoredCall,
  tellers: readonly string[],
): Statement {
  const values = new BoundValues();
  const { ctes, select } = scoreTargets(scope, hoursIn(hoursOf(call)), others(call, tellers, values), values);
  const [trace_id, span_id] = [bytes(values, call.trace_id, 16), bytes(values, call.span_id, 8)];
  const own = `found.trace_id = ${trace_id} AND found.span_id = ${span_id}`;
  const sql = `${withCtes(ctes)}SELECT ${SHOWN}, ${wayName('found.way')} AS by
FROM (${select}) AS found
WHERE call_trace_id = ${trace_id} AND call_span_id = ${span_id} AND NOT (${own})
LIMIT ${MOST_SCORES}`;
  return { sql, params: values.params };
}
