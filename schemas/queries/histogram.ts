/**
 * Logarithmic histograms: a value's bucket is the power of 1.02 below it, a bucket's value its geometric middle, so
 * every order statistic, and with it every percentile by R-7, is within 1 %.
 *
 * A histogram is an array of entries, the bucket in the upper half of each, a count in the lower. Merging is joining
 * arrays, and the answer depends neither on the order of merging nor on how the count of a bucket is spread over
 * entries. (Sums by bucket in a Map say the same, and cost six times as much to make and to merge.)
 */

/** Column type. */
export const HISTOGRAM_TYPE = 'Array(UInt32)';
/** Largest relative error of a percentile, as the API tells it. */
export const SKETCH_ERROR = 0.01;

const LOG_BASE = 'log(1.02)';
const COUNT_BITS = 16;
const COUNT_MOST = 2 ** COUNT_BITS - 1;
/** Buckets are numbered from 0, which holds zeros; a value of 1 is in this one. */
const BUCKET_OF_ONE = 32_768;
/** None is above it, so that the entry above all others belongs to no bucket. */
const LAST_BUCKET = 65_534;
const NO_ENTRY = 'toUInt32(4294967295)';

const bucketOf = (entry: string): string => `bitShiftRight(${entry}, ${COUNT_BITS})`;
const countOf = (entry: string): string => `bitAnd(${entry}, ${COUNT_MOST})`;

/** Running sums of the counts of entries. */
export function sumsOf(entries: string): string {
  return `arrayCumSum(arrayMap(e -> ${countOf('e')}, ${entries}))`;
}

/** An entry for each value of a group that is not null: a histogram, if not a short one. */
export function entriesOf(expression: string): string {
  const value = `toFloat64(assumeNotNull(${expression}))`;
  const power = `greatest(least(floor(log(${value}) / ${LOG_BASE}) + ${BUCKET_OF_ONE}, ${LAST_BUCKET}), 1)`;
  return `groupArrayIf(toUInt32(if(${value} > 0, ${power}, 0) * ${2 ** COUNT_BITS} + 1), isNotNull(${expression}))`;
}

/**
 * Rows of the SELECT `rows`, their histograms brought to few entries. An entry ends with its bucket, and where the
 * running count passes a multiple of half of what one can count: so those of single values count at most that half,
 * and those merged of such still fit.
 */
export function compacted(rows: string, histograms: readonly string[]): string {
  const half = (COUNT_MOST + 1) / 2;
  const replaced = (make: (entries: string) => string, source: string): string =>
    `SELECT * REPLACE (${histograms.map((name) => `${make(name)} AS ${name}`).join(', ')}) FROM (${source})`;
  const shorter = (entries: string): string => {
    const sums = sumsOf(entries);
    const ends = `arrayMap((e, next, sum) -> ${bucketOf('e')} != ${bucketOf('next')} OR intDiv(sum, ${half}) != intDiv(sum - ${countOf('e')}, ${half}),
    ${entries}, arrayShiftLeft(${entries}, 1, ${NO_ENTRY}), ${sums})`;
    const last = `arrayFilter((e, is_end) -> is_end, ${entries}, ${ends})`;
    const upto = `arrayFilter((sum, is_end) -> is_end, ${sums}, ${ends})`;
    const counts = `arrayPopFront(arrayDifference(arrayPushFront(${upto}, toUInt64(0))))`;
    return `arrayMap((e, count) -> toUInt32(${bucketOf('e')} * ${2 ** COUNT_BITS} + count), ${last}, ${counts})`;
  };
  return replaced(
    shorter,
    replaced((entries) => `arraySort(${entries})`, rows),
  );
}

/** Counts by bucket, the same for every way of writing the same histogram. */
export function bucketCounts(entries: string): string {
  return `arrayReduce('sumMap', [arrayMap(e -> ${bucketOf('e')}, ${entries})], [arrayMap(e -> toUInt64(${countOf('e')}), ${entries})])`;
}

/**
 * R-7 over `entries`, sorted, and the running `sums` of them: null if there are none. Both are names of columns, never
 * expressions: what a lambda uses beside its arguments is worked out again for every element of the array.
 */
export function quantileOfHistogram(level: number, entries: string, sums: string): string {
  const position = `(toInt64(${sums}[-1]) - 1) * ${level}`;
  const at = `arrayFirstIndex((sum, rank) -> sum > rank, ${sums}, arrayWithConstant(length(${sums}), floor(${position})))`;
  const middleOf = (entry: string): string =>
    `(${bucketOf(entry)} != 0) * exp((${bucketOf(entry)} - ${BUCKET_OF_ONE} + 0.5) * ${LOG_BASE})`;
  const below = middleOf(`${entries}[${at}]`);
  // The next order statistic lies in the same entry or in the one after it.
  const above = middleOf(`${entries}[${at} + (${sums}[${at}] <= ceil(${position}))]`);
  // Not as a branch of the condition: what only a branch needs is put off, and then worked out at each mention.
  return `if(empty(${entries}), NULL, 1) * (${below} + (${above} - ${below}) * (${position} - floor(${position})))`;
}
