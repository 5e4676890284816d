/** What kinds of traffic each arm had: counts by request type, prompt size, hour of the day, service and slice. */

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
  hour: { sql: 'toUInt8(hour % 24)', meaning: 'hour of the day, UTC' },
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

/** Values of a dimension that are told apart in each arm, the most frequent first. */
export const MOST_VALUES = 1_000;

/**
 * Calls of one kind agree in their slices and in every dimension. Kinds are few beside calls, so calls are added up by
 * kind, which a number stands for, and only then taken apart by dimension.
 */
export const KIND = {
  /** Of a call. */
  columns: [
    'slices',
    ...MIX_DIMENSION_NAMES.map((name, index) => `${MIX_DIMENSIONS[name].sql} AS k${index}`),
  ],
  id: `cityHash64(slices, ${MIX_DIMENSION_NAMES.map((_, index) => `k${index}`).join(', ')})`,
  /** Aggregates that keep what the number stands for. */
  kept: [
    'any(slices) AS any_slices',
    ...MIX_DIMENSION_NAMES.map((_, index) => `any(k${index}) AS any_k${index}`),
  ],
  /** Of a kind and an `arm`: an array of every `(dimension, value)` but slices that the kind counts for. */
  places: `arrayConcat([('all', ''), ${MIX_DIMENSION_NAMES.map((name, index) => `('${name}', toString(any_k${index}))`).join(', ')}],
      if(arm > 0 AND bitTest(members, 0), [('shared', '')], []))`,
} as const;
