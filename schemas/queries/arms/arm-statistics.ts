/** One statement that brings, for each arm and slice, what values and intervals are made of. */
import { BoundValues } from '../bound-values.ts';
import { slicesLeft } from '../filters.ts';
import type { Statement } from '../statement.ts';
import type { ArmMeasure } from './arm-metrics.ts';
import { type ArmsQuery, armCtes, armsOf } from './compared-arms.ts';
import { joinStrata, type Matching } from './matched-arms.ts';
import { KIND, type MixRow, MOST_VALUES } from './traffic-mix.ts';

export interface ArmStatisticsQuery extends ArmsQuery {
  measures: readonly ArmMeasure[];
  /** Slices that get rows of their own besides the row of all calls; or so many of those with the most calls. */
  slices: readonly string[] | { largest: number };
  /** Weights the candidate's calls so that its traffic is mixed like the baseline's; without, each call weighs 1. */
  matching?: Matching;
  /** How far from its quantile a sample is brought, in standard deviations of the rank. */
  reach: number;
}

/**
 * `m0`, `m1`, ... hold the parts of each measure; see arm-data.ts, which reads them. Where the largest slices are asked
 * for there are rows of the whole mix of traffic, and what is neither all calls nor such a slice has no measures.
 */
export interface ArmStatisticsRow extends MixRow {
  has_measures?: number;
  [measure: `m${number}`]: unknown;
}

/** Ranks that are brought beyond the reach: it is worked out with a normal curve, and small samples have none. */
const MARGIN = 12;

/** The steps of a measure, each made of the one before. */
interface Parts {
  /** Columns of a call; null where it has no value. */
  columns: string[];
  /** Aggregates over the calls of a kind: sums and lists, which add up. */
  sums: string[];
  /** Aggregates over the kinds of a group. */
  totals: string[];
  /** The measure's part of the row. */
  tuple: string;
}

/** The value where the call is selected and all of it is there, else null. */
const there = (value: string, ...others: string[]): string =>
  `if(selected${others.map((other) => ` AND ${other} IS NOT NULL`).join('')}, toFloat64(${value}), NULL)`;

const rankSpread = (n: string, level: number, reach: number): string =>
  `(${reach} * sqrt(${n} * ${level * (1 - level)}) + ${MARGIN})`;

function plainQuantile(m: string, { level, value }: ArmMeasure & { kind: 'quantile' }, reach: number): Parts {
  const spread = rankSpread(`${m}_n`, level, reach);
  const first = `toUInt64(greatest(1., floor(${m}_n * ${level} - ${spread})))`;
  const number = `toUInt64(ceil(2 * ${spread}) + 1)`;
  return {
    columns: [`${there(value)} AS ${m}_v`],
    sums: [`groupArray(${m}_v) AS ${m}_list`],
    totals: [
      `arraySort(groupArrayArrayIf(${m}_list, is_measured)) AS ${m}_sorted`,
      `toFloat64(length(${m}_sorted)) AS ${m}_n`,
    ],
    tuple: `(${m}_n, ${first}, arraySlice(${m}_sorted, ${first}, ${number}))`,
  };
}

/** Ranks are in units of unweighted calls: a sample of such weights is worth so many of them. */
function weightedQuantile(m: string, measure: ArmMeasure & { kind: 'quantile' }, reach: number): Parts {
  const { level, value } = measure;
  const worth = worthOf(m, true);
  return {
    columns: [`${there(value)} AS ${m}_v`],
    sums: [...worth.sums, `groupArrayIf((assumeNotNull(${m}_v), weight), ${m}_v IS NOT NULL) AS ${m}_list`],
    totals: [
      ...worth.totals,
      `arraySort(groupArrayArrayIf(${m}_list, is_measured)) AS ${m}_sorted`,
      `arrayMap(w -> w / ${m}_total * ${m}_worth, arrayCumSum(${m}_sorted.2)) AS ${m}_ranks`,
    ],
    tuple: `(${m}_n, ${m}_worth, arrayFilter(p -> abs(p.2 - ${m}_worth * ${level}) <= ${rankSpread(`${m}_worth`, level, reach)},
      arrayMap((p, r) -> (p.1, r), ${m}_sorted, ${m}_ranks)))`,
  };
}

/** Calls with a value, and how many unweighted ones they are worth (Kish's effective sample size). */
function worthOf(m: string, weighted: boolean): Pick<Parts, 'sums' | 'totals'> {
  const count = `count(${m}_v) AS ${m}_count`;
  const n = `toFloat64(sum(${m}_count)) AS ${m}_n`;
  if (!weighted) return { sums: [count], totals: [n, `${m}_n AS ${m}_total`, `${m}_n AS ${m}_worth`] };
  const there = `${m}_v IS NOT NULL`;
  return {
    sums: [
      count,
      `sumIf(weight, ${there}) AS ${m}_weight`,
      `sumIf(weight * weight, ${there}) AS ${m}_square_weight`,
    ],
    totals: [
      n,
      `sum(${m}_weight) AS ${m}_total`,
      `${m}_total * ${m}_total / sum(${m}_square_weight) AS ${m}_worth`,
    ],
  };
}

function partsOf(m: string, measure: ArmMeasure, weighted: boolean, reach: number): Parts {
  const worth = worthOf(m, weighted);
  /** The mean of an expression of a call, by the sum that is kept of it; null columns give null, as `avg` does. */
  const means = (...of: string[]): { sums: string[]; means: string[] } => ({
    sums: of.map((one, index) => `sum(${weighted ? `weight * ${one}` : one}) AS ${m}_sum${index}`),
    means: of.map((_, index) => `sum(${m}_sum${index}) / ${m}_total`),
  });
  switch (measure.kind) {
    case 'quantile':
      return weighted ? weightedQuantile(m, measure, reach) : plainQuantile(m, measure, reach);
    case 'rate': {
      const rate = means(`${m}_v`);
      return {
        columns: [`if(selected AND (${measure.condition}), 1., 0.) AS ${m}_v`],
        sums: [...worth.sums, ...rate.sums],
        totals: [...worth.totals, `${rate.means[0]} AS ${m}_rate`],
        tuple: `(${m}_n, ${m}_worth, ${m}_rate)`,
      };
    }
    case 'mean': {
      const mean = means(`${m}_v`, `${m}_v * ${m}_v`);
      return {
        columns: [`${there(measure.value)} AS ${m}_v`],
        sums: [...worth.sums, ...mean.sums, `countIf(${m}_v NOT IN (0, 1)) AS ${m}_grades`],
        totals: [
          ...worth.totals,
          `sum(${m}_grades) AS ${m}_graded`,
          `${mean.means[0]} AS ${m}_mean`,
          `${mean.means[1]} AS ${m}_square`,
        ],
        tuple: `(${m}_n, ${m}_worth, ${m}_graded, ${m}_mean, ${m}_square)`,
      };
    }
    case 'ratio': {
      const { numerator, denominator } = measure;
      const ratio = means(`${m}_v`, `${m}_w`, `${m}_v * ${m}_v`, `${m}_w * ${m}_w`, `${m}_v * ${m}_w`);
      return {
        columns: [
          `${there(numerator, denominator)} AS ${m}_v`,
          `if(${m}_v IS NULL, NULL, toFloat64(${denominator})) AS ${m}_w`,
        ],
        sums: [...worth.sums, ...ratio.sums],
        totals: [...worth.totals, `[${ratio.means.join(', ')}] AS ${m}_means`],
        tuple: `(${m}_n, ${m}_worth, ${m}_means)`,
      };
    }
  }
}

/** What a group of calls counts for, made of `any_slices` and, for the whole mix, of its kind. */
function groupsOf(query: ArmStatisticsQuery, values: BoundValues) {
  const { slices } = query;
  const filters = query.filters.filter(({ dimension }) => dimension === 'slice');
  const each = (list: string): string => `arrayMap(s -> ('slice', s), ${list})`;
  if ('largest' in slices) {
    const places = `arrayConcat(${KIND.places}, ${each(slicesLeft(filters, values, 'any_slices'))})`;
    return { columns: KIND.columns, keys: [`${KIND.id} AS kind_id`], kept: KIND.kept, places };
  }
  if (slices.length === 0) return { columns: [], keys: [], kept: [], places: `[('all', '')]` };
  const asked = values.bind('Array(String)', slices);
  return {
    columns: [`arrayFilter(s -> s IN ${asked}, ${slicesLeft(filters, values)}) AS shown`],
    keys: ['cityHash64(shown) AS slices_id'],
    kept: ['any(shown) AS any_shown'],
    places: `arrayConcat([('all', '')], ${each('any_shown')})`,
  };
}

/** Rows of the SELECT `rows`, measures only where `largest` slices and the row of all calls have them. */
function largestOnly(rows: string, measures: readonly string[], largest: number): string {
  return `SELECT arm, dimension, value, calls, has_measures,
  ${measures.map((m) => `if(has_measures, ${m}, defaultValueOfArgumentType(${m})) AS ${m}`).join(',\n  ')}
FROM (SELECT *, dimension = 'all' OR (dimension = 'slice' AND value != '' AND place <= ${largest}) AS has_measures
  FROM (SELECT *, dense_rank() OVER (PARTITION BY dimension ORDER BY value = '', of_arms DESC, value) AS place
    FROM (SELECT *, sum(calls) OVER (PARTITION BY dimension, value) AS of_arms FROM (${rows}))))
ORDER BY has_measures DESC, calls DESC, arm, dimension, value
LIMIT ${MOST_VALUES} BY arm, dimension`;
}

/**
 * A row for each arm, and for each arm and slice asked for, that has calls. Calls are added up by kind first, that is by
 * the arms and slices that they are in: kinds are few, so a call in several arms or slices is read and worked out once.
 */
export function armStatisticsStatement(query: ArmStatisticsQuery): Statement {
  const values = new BoundValues();
  const { matching, slices } = query;
  const ctes = armCtes(query, values);
  const source = matching ? joinStrata(matching, query, ctes) : 'arms';
  const parts = query.measures.map((measure, index) =>
    partsOf(`m${index}`, measure, matching !== undefined, query.reach),
  );
  const groups = groupsOf(query, values);
  // A weight is one of an arm, so the arms of weighted calls are told apart from the start.
  const arm = matching ? 'arm' : 'members';
  const rows = `SELECT arm, place.1 AS dimension, place.2 AS value, calls,
  ${parts.map(({ tuple }, index) => `${tuple} AS m${index}`).join(',\n  ')}
FROM (
  SELECT arm, place, sum(number) AS calls,
    ${parts.flatMap(({ totals }) => totals).join(',\n    ')}
  FROM (SELECT *, arrayJoin(${groups.places}) AS place, place.1 IN ('all', 'slice') AS is_measured
    FROM (SELECT *${matching ? '' : `, arrayJoin(${armsOf(query)}) AS arm`} FROM (
      SELECT ${[arm, ...groups.keys, ...groups.kept].join(', ')}, count() AS number,
        ${parts.flatMap(({ sums }) => sums).join(',\n        ')}
      FROM (SELECT ${[arm, ...(matching ? ['weight'] : []), ...groups.columns].join(', ')},
        ${parts.flatMap(({ columns }) => columns).join(',\n        ')}
        FROM ${source})
      GROUP BY ${[arm, ...groups.keys.map((key) => key.split(' AS ')[1])].join(', ')})))
  GROUP BY arm, place
)`;
  const measures = parts.map((_, index) => `m${index}`);
  const sql = `WITH ${ctes.join(',\n')}
${'largest' in slices ? largestOnly(rows, measures, slices.largest) : rows}`;
  return { sql, params: values.params };
}
