/** What the safety checks are answered from: the traffic by flow, arm and place, and how long content is kept. */
import { BoundValues } from './bound-values.ts';
import { type CountedScope, countedCalls } from './counted-calls.ts';
import type { Statement } from './statement.ts';

/** Calls of the window that share all of these. */
export interface TrafficRow {
  request_type: string;
  variant: string;
  model: string;
  service: string;
  environment: string;
  calls: number;
}

/** More groups than anybody compares by hand; the largest come first. */
const MOST_GROUPS = 5_000;

export function trafficStatement(scope: CountedScope): Statement {
  const values = new BoundValues();
  const names = ['request_type', 'variant', 'model', 'service', 'environment'];
  const sql = `SELECT ${names.map((name) => `toString(c.${name}) AS ${name}`).join(', ')}, count() AS calls
FROM (${countedCalls(scope, values)}) AS c
GROUP BY ${names.map((name) => `c.${name}`).join(', ')}
ORDER BY calls DESC, ${names.join(', ')}
LIMIT ${MOST_GROUPS}`;
  return { sql, params: values.params };
}

export interface KeptRow {
  /** Milliseconds since 1970 of the oldest call and the oldest content that are kept; null if there is none. */
  oldest_call_ms: number | null;
  oldest_payload_ms: number | null;
}

/** The oldest hours are found by the sort key; what retention hides is passed over. */
export function keptStatement(scope: CountedScope & { payloads_days: number }): Statement {
  const values = new BoundValues();
  const oldest = (table: string, days: number): string => {
    const horizon_ms = scope.now_ms - days * 86_400_000;
    const from = `FROM ${values.bind('Identifier', scope.database)}.${table}
    WHERE project = ${values.bind('String', scope.project)}
      AND hour >= ${values.bind('Int32', Math.floor(horizon_ms / 3_600_000))}
      AND started_at >= fromUnixTimestamp64Milli(${values.bind('Int64', horizon_ms)}, 'UTC')`;
    return `(SELECT toUnixTimestamp64Milli(minOrNull(started_at)) ${from}
      AND hour = (SELECT hour ${from} ORDER BY hour LIMIT 1))`;
  };
  const sql = `SELECT ${oldest('calls', scope.calls_days)} AS oldest_call_ms,
  ${oldest('payloads', scope.payloads_days)} AS oldest_payload_ms`;
  return { sql, params: values.params };
}
