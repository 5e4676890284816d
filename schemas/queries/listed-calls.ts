/** Calls of a page by their sort key, for formats that the database writes. */
import { BoundValues } from './bound-values.ts';
import { type StoredField, shownColumns } from './call-columns.ts';
import { hoursIn } from './lookup-hours.ts';
import type { Project } from './project.ts';
import type { SpanKey } from './span-repeats.ts';
import type { Statement } from './statement.ts';

/** A call of the page, with what became of its payload; the time as ISO 8601, empty where there was none. */
export interface ListedCall extends SpanKey {
  payload_state: string;
  payload_expires_at: string;
  score: number;
}

/** What stands beside the fields: `payload` is `payload_state` and `payload_expires_at`. */
interface Beside {
  payload: boolean;
  score: boolean;
}

/** In the order of `calls`, times as times. */
export function listedCallsStatement(
  { database, project }: { database: string; project: Project },
  calls: readonly ListedCall[],
  fields: readonly StoredField[],
  { payload, score }: Beside,
): Statement {
  const values = new BoundValues();
  const list = (of: (call: ListedCall) => string): string => values.bind('Array(String)', calls.map(of));
  const lists = [
    list(({ hour }) => String(hour)),
    list(({ trace_id }) => trace_id),
    list(({ span_id }) => span_id),
    list(({ payload_state }) => payload_state),
    list(({ payload_expires_at }) => payload_expires_at),
    list(({ score }) => String(score)),
    values.bind('Array(String)', [...calls.keys()].map(String)),
  ];
  const columns = [
    shownColumns(fields, 'c', 'timestamp'),
    ...(payload ? ['listed.state AS payload_state', 'listed.expires_at AS payload_expires_at'] : []),
    ...(score ? ['listed.score AS score'] : []),
  ];
  const sql = `WITH listed AS (SELECT toInt32OrZero(l.1) AS hour, toFixedString(unhex(l.2), 16) AS trace_id,
    toFixedString(unhex(l.3), 8) AS span_id, l.4 AS state, parseDateTime64BestEffortOrNull(l.5, 3, 'UTC') AS expires_at,
    toFloat64(l.6) AS score, toUInt32(l.7) AS number
  FROM (SELECT arrayJoin(arrayZip(${lists.join(', ')})) AS l))
SELECT ${columns.join(', ')}
FROM (SELECT *, hour FROM ${values.bind('Identifier', database)}.calls FINAL
  WHERE project = ${values.bind('String', project)} AND ${hoursIn(calls.map(({ hour }) => hour))}
    AND (hour, trace_id, span_id) IN (SELECT hour, trace_id, span_id FROM listed)) AS c
INNER JOIN listed ON c.hour = listed.hour AND c.trace_id = listed.trace_id AND c.span_id = listed.span_id
ORDER BY listed.number`;
  return { sql, params: values.params };
}
