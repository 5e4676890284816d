/** One statement that brings, for each arm and slice, what values and intervals are made of. */
import { BoundValues } from '../bound-values.ts';
import { slicesLeft } from '../filters.ts';
import type { Statement } from '../statement.ts';
import type { ArmMeasure } from './arm-metrics.ts';
import { type ArmsQuery, armCtes } from './compared-arms.ts';
import { joinStrata, type Matching } from './matched-arms.ts';

export interface ArmStatisticsQuery extends ArmsQuery {
  measures: readonly ArmMeasure[];
  /** Slices that get rows of their own besides the row of all calls. */
  slices: readonly string[];
  /** Weights the candidate's calls so that its traffic is mixed like the baseline's; without, each call weighs 1. */
  matching?: Matching;
  /** How far from its quantile a sample is brought, in standard deviations of the rank. */
  reach: number;
}

/** `m0`, `m1`, ... hold the parts of each measure; see arm-rows.ts, which reads them. */
export interface ArmStatisticsRow {
  arm: number;
  overall: number;
  slice: string;
  calls: number;
  [measure: `m${number}`]: unknown;
}

/** Ranks that are brought beyond the reach: it is worked out with a normal curve, and small samples have none. */
const MARGIN = 12;

/** The three steps of a measure, each made of the one before. */
interface Parts {
  /** Columns of a call; null where it has no value. */
  columns: string[];
  /** Aggregates over the calls of a group. */
  aggregates: string[];
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
    aggregates: [`arraySort(groupArray(${m}_v)) AS ${m}_sorted`, `toFloat64(length(${m}_sorted)) AS ${m}_n`],
    tuple: `(${m}_n, ${first}, arraySlice(${m}_sorted, ${first}, ${number}))`,
  };
}

/** Ranks are in units of unweighted calls: a sample of such weights is worth so many of them. */
function weightedQuantile(m: string, measure: ArmMeasure & { kind: 'quantile' }, reach: number): Parts {
  const { level, value } = measure;
  return {
    columns: [`${there(value)} AS ${m}_v`],
    aggregates: [
      ...worthOf(m, true),
      `arraySort(groupArrayIf((assumeNotNull(${m}_v), weight), ${m}_v IS NOT NULL)) AS ${m}_sorted`,
      `arrayMap(w -> w / ${m}_total * ${m}_worth, arrayCumSum(${m}_sorted.2)) AS ${m}_ranks`,
    ],
    tuple: `(${m}_n, ${m}_worth, arrayFilter(p -> abs(p.2 - ${m}_worth * ${level}) <= ${rankSpread(`${m}_worth`, level, reach)},
      arrayMap((p, r) -> (p.1, r), ${m}_sorted, ${m}_ranks)))`,
  };
}

/** Calls with a value, and how many unweighted ones they are worth (Kish's effective sample size). */
function worthOf(m: string, weighted: boolean): string[] {
  const n = `toFloat64(count(${m}_v)) AS ${m}_n`;
  if (!weighted) return [n, `${m}_n AS ${m}_worth`];
  return [
    n,
    `sumIf(weight, ${m}_v IS NOT NULL) AS ${m}_total`,
    `sumIf(weight * weight, ${m}_v IS NOT NULL) AS ${m}_squares`,
    `${m}_total * ${m}_total / ${m}_squares AS ${m}_worth`,
  ];
}

function partsOf(m: string, measure: ArmMeasure, weighted: boolean, reach: number): Parts {
  const mean = (of: string): string => (weighted ? `sum(weight * ${of}) / ${m}_total` : `avg(${of})`);
  switch (measure.kind) {
    case 'quantile':
      return weighted ? weightedQuantile(m, measure, reach) : plainQuantile(m, measure, reach);
    case 'rate':
      return {
        columns: [`if(selected AND (${measure.condition}), 1., 0.) AS ${m}_v`],
        aggregates: [...worthOf(m, weighted), `${mean(`${m}_v`)} AS ${m}_rate`],
        tuple: `(${m}_n, ${m}_worth, ${m}_rate)`,
      };
    case 'mean':
      return {
        columns: [`${there(measure.value)} AS ${m}_v`],
        aggregates: [
          ...worthOf(m, weighted),
          `countIf(${m}_v NOT IN (0, 1)) AS ${m}_graded`,
          `${mean(`${m}_v`)} AS ${m}_mean`,
          `${mean(`${m}_v * ${m}_v`)} AS ${m}_square`,
        ],
        tuple: `(${m}_n, ${m}_worth, ${m}_graded, ${m}_mean, ${m}_square)`,
      };
    case 'ratio': {
      const { numerator, denominator } = measure;
      const means = [`${m}_v`, `${m}_w`, `${m}_v * ${m}_v`, `${m}_w * ${m}_w`, `${m}_v * ${m}_w`];
      return {
        columns: [
          `${there(numerator, denominator)} AS ${m}_v`,
          `if(${m}_v IS NULL, NULL, toFloat64(${denominator})) AS ${m}_w`,
        ],
        aggregates: [...worthOf(m, weighted), `[${means.map(mean).join(', ')}] AS ${m}_means`],
        tuple: `(${m}_n, ${m}_worth, ${m}_means)`,
      };
    }
  }
}

/** A row for each arm, and for each arm and slice asked for, that has calls. */
export function armStatisticsStatement(query: ArmStatisticsQuery): Statement {
  const values = new BoundValues();
  const { matching } = query;
  const ctes = armCtes(query, values);
  const source = matching ? joinStrata(matching, ctes) : '(SELECT *, toFloat64(1) AS weight FROM arms)';
  const parts = query.measures.map((measure, index) =>
    partsOf(`m${index}`, measure, matching !== undefined, query.reach),
  );
  const slices = values.bind('Array(String)', query.slices);
  const shown = `arrayFilter(s -> s IN ${slices}, ${slicesLeft(
    query.filters.filter(({ dimension }) => dimension === 'slice'),
    values,
  )})`;
  const groups =
    query.slices.length === 0
      ? "(1, '')"
      : `arrayJoin(arrayConcat([(1, '')], arrayMap(s -> (0, s), ${shown})))`;
  const sql = `WITH ${ctes.join(',\n')}
SELECT arm, place.1 AS overall, place.2 AS slice, calls,
  ${parts.map(({ tuple }, index) => `${tuple} AS m${index}`).join(',\n  ')}
FROM (
  SELECT arm, place, count() AS calls,
    ${parts.flatMap(({ aggregates }) => aggregates).join(',\n    ')}
  FROM (SELECT arm, weight, ${groups} AS place,
    ${parts.flatMap(({ columns }) => columns).join(',\n    ')}
    FROM ${source})
  GROUP BY arm, place
)`;
  return { sql, params: values.params };
}
