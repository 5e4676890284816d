/**
 * Logarithmic histograms: a value's bucket is the power of 1.02 below it, a bucket's value its geometric middle, so
 * every order statistic, and with it every percentile by R-7, is within 1 %. Merged by adding counts: the answer
 * depends neither on the order of merging nor on who reads it.
 */

/** Column type: counts by bucket. */
export const HISTOGRAM_TYPE = 'Map(Int16, UInt64)';
/** Largest relative error of a percentile, as the API tells it. */
export const SKETCH_ERROR = 0.01;

const LOG_BASE = 'log(1.02)';
/** The bucket of zero, below all others. */
const ZERO = -32_768;

/** Counts by bucket of the values of a group that are not null. */
export function histogramOf(expression: string): string {
  const value = `toFloat64(assumeNotNull(${expression}))`;
  const power = `toInt16(least(greatest(floor(log(${value}) / ${LOG_BASE}), ${ZERO + 1}), 32767))`;
  const bucket = `if(${value} > 0, ${power}, toInt16(${ZERO}))`;
  return `sumMapIf(map(${bucket}, toUInt64(1)), isNotNull(${expression}))`;
}

/** R-7 over the merged histogram `counts`, an aggregate: null if it is empty. */
export function quantileOfHistogram(level: number, counts: string): string {
  const position = `(toInt64(sums[-1]) - 1) * ${level}`;
  const bucketAt = (rank: string): string => `buckets[arrayFirstIndex(sum -> sum > ${rank}, sums)]`;
  const middleOf = (bucket: string): string =>
    `if(${bucket} = ${ZERO}, 0, exp((${bucket} + 0.5) * ${LOG_BASE}))`;
  const below = middleOf(bucketAt(`floor(${position})`));
  const above = middleOf(bucketAt(`ceil(${position})`));
  const value = `${below} + (${above} - ${below}) * (${position} - floor(${position}))`;
  const sorted = `mapSort(${counts})`;
  return `if(empty(${counts}), NULL,
    arrayMap((buckets, sums) -> ${value}, [mapKeys(${sorted})], [arrayCumSum(mapValues(${sorted}))])[1])`;
}
