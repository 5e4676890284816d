/**
 * Which call a score counts for. It names a span, the provider's id of an answer, or both; of what is named and does
 * not count, what counts in its place is found along the stored pairs of repeats.
 */
import type { BoundValues } from './bound-values.ts';
import { horizonMs, type Source, storedPairs } from './counted-calls.ts';
import type { Project } from './project.ts';
import { ID_CHARS_TRUSTED } from './settling/pairs.ts';

export interface ScoredScope {
  database: string;
  project: Project;
  now_ms: number;
  calls_days: number;
}

/** So many pairs in a row are followed; most repeats are tied to what counts by a pair of their own. */
const STEPS = 3;

/** How a span that is named leads to the call, the most exact last: by its answer's id, in a span's place, itself. */
const WAYS = { response_id: 0, repeat: 1, span: 2 } as const;

/** The SQL of the way as a text. */
export const wayName = (way: string): string =>
  `transform(${way}, [${Object.values(WAYS).join(', ')}], [${Object.keys(WAYS)
    .map((name) => `'${name}'`)
    .join(', ')}], '')`;

const NO_SPAN = "toFixedString('', 8)";
const spanKey = (span_id: string): string => `concat('span', trace_id, ${span_id})`;
/** What servers number themselves names an answer within its trace alone. */
const ANSWER_KEY = `concat('id', if(length(response_id) >= ${ID_CHARS_TRUSTED}, '', trace_id), response_id)`;
/** What a score names, one a row. */
const GIVEN_KEYS = `arrayJoin(arrayConcat(
        if(span_id = ${NO_SPAN}, [], [${spanKey('span_id')}]), if(response_id = '', [], [${ANSWER_KEY}])))`;

/** A SELECT of `columns` of a project's scores that are kept, each as it was given last. */
export function keptScores(scope: ScoredScope, columns: string, where: string, values: BoundValues): string {
  return `SELECT ${columns} FROM ${values.bind('Identifier', scope.database)}.scores FINAL
    WHERE project = ${values.bind('String', scope.project)} AND ${where}
      AND scored_at >= fromUnixTimestamp64Milli(${values.bind('Int64', horizonMs(scope))}, 'UTC')`;
}

/**
 * A SELECT of the scores for which the condition `which` holds, as far as they name a span or an answer's id: their
 * columns and, as `call_hour`, `call_trace_id`, `call_span_id`, the call that each counts for, and the `way` to it.
 * `hours` is a condition on `hour` that the calls, and those an hour beside them, meet.
 *
 * A span stands for itself; for the spans that count in its place; or, as carriers without usage are not stored, for
 * the calls right under it. Of several it is one: that with the id the score tells as well, else the last to end, whose
 * answer is the whole's. An id alone, like an answer's hash, stands for every call with that answer.
 */
export function scoreTargets(scope: ScoredScope, hours: string, which: string, values: BoundValues): Source {
  const project = `project = ${values.bind('String', scope.project)}`;
  const { database } = scope;
  const scores = `${database}.scores WHERE ${project} AND ${which}`;
  const of = `${project} AND ${hours}`;
  // Plain subqueries: each mention of a CTE that is materialized has all that it stands on planned again.
  const traces = `SELECT trace_id FROM ${scores}`;
  const ids = `SELECT response_id FROM ${scores} AND response_id != ''`;
  const bearers = `SELECT trace_id FROM ${database}.calls WHERE ${of} AND response_id IN (${ids})`;
  // A span may be struck out by one of another trace, and that by a third.
  const near = `SELECT arrayJoin([trace_id, by_trace_id]) FROM ${database}.repeats WHERE ${of} AND trace_id IN (${traces} UNION ALL ${bearers})`;
  const edges = storedPairs(database, `${of} AND trace_id IN (${near})`);
  const steps = Array.from({ length: STEPS }, (_, index) => index + 1);
  const after = (count: number): string =>
    `multiIf(${steps
      .slice(0, count)
      .reverse()
      .map((step) => `step_${step}.by.1 != 0, step_${step}.by`)
      .join(', ')}, told.span)`;
  const score = ['trace_id', 'span_id', 'response_id', 'name', 'source'];
  const columns = [...score, 'value', 'label', 'scored_at'];
  return {
    ctes: [
      `edges AS MATERIALIZED (SELECT (hour, trace_id, span_id) AS span, (by_hour, by_trace_id, by_span_id) AS by FROM (${edges}))`,
      `told AS (SELECT (hour, trace_id, span_id) AS span,
      argMax((operation != 'embeddings', toUnixTimestamp64Micro(started_at) + duration_ms * 1000), version) AS place,
      [(${spanKey('span_id')}, ${WAYS.span}), (${spanKey('parent_span_id')}, ${WAYS.repeat}), (${ANSWER_KEY}, ${WAYS.response_id})] AS keys
    FROM ${database}.calls WHERE ${of} AND (trace_id IN (${traces}) OR response_id IN (${ids}))
    GROUP BY span, keys)`,
      // Which came last is told by the spans of the first step: they are of the same trace, and end with their calls. Only
      // what is named, and what is led to, is put in order for it.
      `leads AS (SELECT lead.1 AS key, least(lead.2, if(moved, ${WAYS.repeat}, ${WAYS.span})) AS way, call, max(lead.4) OVER (PARTITION BY lead.3) AS place
    FROM (SELECT ${after(STEPS)} AS call, ${after(1)} AS next, next != told.span AS moved,
        arrayJoin(arrayConcat(arrayMap(key -> (key.1, key.2, next, if(moved, (false, 0.), told.place)), arrayFilter(key -> key.1 IN (SELECT ${GIVEN_KEYS} FROM ${scores}), told.keys)),
          if(told.span IN (SELECT by FROM edges), [('', 0, told.span, told.place)], []))) AS lead
      FROM told
      ${steps.map((step) => `LEFT JOIN edges AS step_${step} ON ${step === 1 ? 'told.span' : `step_${step - 1}.by`} = step_${step}.span`).join('\n      ')}))`,
      `reached AS (SELECT ${columns.map((name) => `given.${name} AS ${name}`).join(', ')}, call,
      max(way) AS best, (min(way) = ${WAYS.response_id}, best, max(place), call) AS rank
    FROM leads INNER JOIN (${keptScores(
      scope,
      `${columns.join(', ')}, ${GIVEN_KEYS} AS key`,
      which,
      values,
    )}) AS given ON leads.key = given.key
    GROUP BY ${columns.join(', ')}, call)`,
    ],
    select: `SELECT ${columns.join(', ')}, best AS way, call.1 AS call_hour, call.2 AS call_trace_id, call.3 AS call_span_id
  FROM reached
  ORDER BY rank DESC
  LIMIT 1 BY ${score.join(', ')}, if(span_id = ${NO_SPAN}, call, (toInt32(0), toFixedString('', 16), ${NO_SPAN}))`,
  };
}
