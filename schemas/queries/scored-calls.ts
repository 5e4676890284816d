/** Puts the score of one name beside each call: by what it names (score-targets.ts), or by the hash of its answer. */
import type { BoundValues } from './bound-values.ts';
import { type CountedScope, horizonMs, withCtes } from './counted-calls.ts';
import { keptScores, scoreTargets } from './score-targets.ts';
import { MS_PER_HOUR } from './settling/times.ts';

/** A SELECT of the columns of `calls`, of which `hour` is one, and `score`, null for a call without one. */
export function scoredCalls(scope: CountedScope, name: string, calls: string, values: BoundValues): string {
  const named = `name = ${values.bind('String', name)}`;
  const first = Math.floor(Math.max(scope.from_ms, horizonMs(scope)) / MS_PER_HOUR) - 1;
  const last = Math.floor((scope.to_ms - 1) / MS_PER_HOUR) + 1;
  const { ctes, select } = scoreTargets(scope, `hour >= ${first} AND hour <= ${last}`, named, values);
  const of = 'sum(value) AS total, count() AS number';
  const byAnswer = keptScores(
    scope,
    `response_hash AS scored_response_hash, ${of}`,
    `${named} AND response_hash != toFixedString('', 32)`,
    values,
  );
  return `${withCtes(ctes)}SELECT ${calls}.*, if(by_target.number + by_answer.number = 0, NULL,
    (by_target.total + by_answer.total) / (by_target.number + by_answer.number)) AS score
  FROM ${calls}
  LEFT JOIN (SELECT call_hour, call_trace_id, call_span_id, ${of} FROM (${select})
    GROUP BY call_hour, call_trace_id, call_span_id) AS by_target
    ON ${calls}.hour = by_target.call_hour AND ${calls}.trace_id = by_target.call_trace_id AND ${calls}.span_id = by_target.call_span_id
  LEFT JOIN (${byAnswer} GROUP BY response_hash) AS by_answer
    ON ${calls}.response_hash = by_answer.scored_response_hash`;
}
