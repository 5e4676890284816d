/** What kinds of traffic each arm had: counts by request type, prompt size, hour of the day, service and slice. */
import { BoundValues } from '../bound-values.ts';
import { slicesLeft } from '../filters.ts';
import type { Statement } from '../statement.ts';
import { type ArmsQuery, armCtes, armsOf } from './compared-arms.ts';

/** Upper bounds of the sizes, in input tokens. */
const PROMPT_SIZES: readonly (readonly [below: number, name: string])[] = [
  [256, '0-255'],
  [1_024, '256-1023'],
  [4_096, '1024-4095'],
  [16_384, '4096-16383'],
  [65_536, '16384-65535'],
];
const LARGEST_SIZE = '65536+';

const promptSize = `multiIf(input_tokens IS NULL, 'unknown', ${PROMPT_SIZES.map(
  ([below, name]) => `input_tokens < ${below}, '${name}'`,
).join(', ')}, '${LARGEST_SIZE}')`;

export const MIX_DIMENSIONS = {
  // Each has few values for many calls, and is no longer than it need be while it is counted by.
  request_type: { sql: 'request_type', meaning: 'the caller’s class of request' },
  prompt_size: { sql: promptSize, meaning: 'size of the prompt in input tokens' },
  hour: { sql: 'toHour(started_at)', meaning: 'hour of the day, UTC' },
  service: { sql: 'service', meaning: 'service that made the call' },
} as const;

export type MixDimension = keyof typeof MIX_DIMENSIONS;

export const MIX_DIMENSION_NAMES = Object.keys(MIX_DIMENSIONS) as MixDimension[];

export interface MixRow {
  arm: number;
  /** One of the dimensions, `slice`, `all` (one row an arm), or `shared` (calls that are in the baseline as well). */
  dimension: MixDimension | 'slice' | 'all' | 'shared';
  value: string;
  calls: number;
}

/** Values of a dimension that are told apart, the most frequent first. */
const MOST_VALUES = 1_000;

export function trafficMixStatement(query: ArmsQuery): Statement {
  const values = new BoundValues();
  const ctes = armCtes(query, values);
  const slices = slicesLeft(
    query.filters.filter(({ dimension }) => dimension === 'slice'),
    values,
  );
  const names = MIX_DIMENSION_NAMES.map((_, index) => `k${index}`);
  const kinds = MIX_DIMENSION_NAMES.map((name, index) => `${MIX_DIMENSIONS[name].sql} AS k${index}`);
  const pairs = MIX_DIMENSION_NAMES.map((name, index) => `('${name}', toString(any_k${index}))`);
  // Kinds of calls are few beside calls: counted first, by a number, they are taken apart by dimension afterwards.
  const sql = `WITH ${ctes.join(',\n')}
SELECT arm, kind.1 AS dimension, kind.2 AS value, sum(number) AS calls
FROM (
  SELECT arm, number, arrayJoin(arrayConcat([('all', ''), ${pairs.join(', ')}],
    if(arm > 0 AND bitTest(members, 0), [('shared', '')], []),
    arrayMap(s -> ('slice', s), ${slices}))) AS kind
  FROM (
    SELECT arrayJoin(${armsOf(query)}) AS arm, any_slices AS slices, * FROM (
      SELECT members, cityHash64(slices, ${names.join(', ')}) AS kind_id, any(slices) AS any_slices, count() AS number,
        ${names.map((name) => `any(${name}) AS any_${name}`).join(', ')}
      FROM (SELECT members, slices, ${kinds.join(', ')} FROM arms)
      GROUP BY members, kind_id
    )
  )
)
GROUP BY arm, kind
ORDER BY calls DESC, arm, dimension, value
LIMIT ${MOST_VALUES} BY arm, dimension`;
  return { sql, params: values.params };
}
