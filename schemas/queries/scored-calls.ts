/** Puts the score of one name beside each call: by the call's span, or by the hash of its answer. */
import type { BoundValues } from './bound-values.ts';
import { type CountedScope, horizonMs } from './counted-calls.ts';

/** A SELECT of the columns of `calls` and `score`, null for a call without one. */
export function scoredCalls(scope: CountedScope, name: string, calls: string, values: BoundValues): string {
  // Under names of their own: a column of both sides would lose its plain name.
  const scores = (keys: readonly string[]): string => `
    SELECT ${keys.map((key) => `${key} AS scored_${key}`).join(', ')}, sum(value) AS total, count() AS number
    FROM ${values.bind('Identifier', scope.database)}.scores FINAL
    WHERE project = ${values.bind('String', scope.project)} AND name = ${values.bind('String', name)}
      AND scored_at >= fromUnixTimestamp64Milli(${values.bind('Int64', horizonMs(scope))}, 'UTC')`;
  return `SELECT ${calls}.*, if(by_span.number + by_answer.number = 0, NULL,
    (by_span.total + by_answer.total) / (by_span.number + by_answer.number)) AS score
  FROM ${calls}
  LEFT JOIN (${scores(['trace_id', 'span_id'])} AND reinterpretAsUInt64(span_id) != 0
    GROUP BY trace_id, span_id) AS by_span
    ON ${calls}.trace_id = by_span.scored_trace_id AND ${calls}.span_id = by_span.scored_span_id
  LEFT JOIN (${scores(['response_hash'])} AND response_hash != toFixedString('', 32)
    GROUP BY response_hash) AS by_answer
    ON ${calls}.response_hash = by_answer.scored_response_hash`;
}
