/** The grammar of a criterion: `metric[_delta|_ratio] op number`, as in `latency<300` or `accuracy_delta>0.02`. Pure. */
import {
  ARM_METRIC_NAMES,
  type ArmMetric,
  type ArmMetricName,
  armMetrics,
  SCORE_METRIC,
} from '../../schemas/queries/arms/arm-metrics.ts';
import { nearestOf } from '../nearest.ts';
import { Problem } from '../problems.ts';

export type Comparison = 'absolute' | 'delta' | 'ratio';
export type Operator = '<' | '<=' | '>' | '>=';

export interface Criterion {
  /** As it was written. */
  text: string;
  /** Name of the metric; `score:<name>` for scores. */
  name: string;
  metric: ArmMetric;
  /** Name of the scores, where it is about them. */
  score?: string;
  comparison: Comparison;
  operator: Operator;
  bound: number;
}

/** What teams call the metrics. */
const ALIASES: Readonly<Record<string, ArmMetricName>> = {
  latency: 'latency_p95_ms',
  cost: 'cost_per_1k_tokens_usd',
};
const ACCURACY = 'accuracy';
const SCORE_PREFIX = 'score:';
const ALLOWED = [...Object.keys(ALIASES), ACCURACY, `${SCORE_PREFIX}<name>`, ...ARM_METRIC_NAMES];

export const CRITERION_FORM = 'metric[_delta|_ratio] op number, with op one of < <= > >=';

const SHAPE = /^\s*([^<>=]+?)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*$/i;
const COMPARED = /^(.+)_(delta|ratio)$/;

function metricNamed(name: string): Pick<Criterion, 'name' | 'metric' | 'score'> | undefined {
  const score =
    name === ACCURACY ? name : name.startsWith(SCORE_PREFIX) ? name.slice(SCORE_PREFIX.length) : '';
  if (score !== '') return { name: `${SCORE_PREFIX}${score}`, metric: SCORE_METRIC, score };
  const known = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name;
  if (!(ARM_METRIC_NAMES as string[]).includes(known)) return undefined;
  return { name: known, metric: armMetrics[known as ArmMetricName] };
}

/** A rate that is compared with 5 means 5 %, and would hold whatever happens. */
function outOfRange(metric: ArmMetric, comparison: Comparison, bound: number): string | undefined {
  if (comparison === 'ratio') return bound < 0 ? 'a ratio is not negative' : undefined;
  if (metric.measure.kind !== 'rate') return undefined;
  const least = comparison === 'delta' ? -1 : 0;
  return bound < least || bound > 1
    ? `rates are 0 to 1, so the bound lies between ${least} and 1`
    : undefined;
}

/** Throws a Problem that names the criterion at `place`. */
export function parseCriterion(text: string, place: string): Criterion {
  const problem = (detail: string, allowed: readonly string[], nearest?: string): Problem =>
    new Problem('invalid-body', {
      detail: `Criterion '${text.slice(0, 100)}': ${detail}.`,
      parameter: place,
      received: text,
      allowed,
      nearest,
    });
  const [, left, operator, number] = SHAPE.exec(text) ?? [];
  if (left === undefined) throw problem(`it is not of the form ${CRITERION_FORM}`, [CRITERION_FORM]);
  const [, name = left, compared] = COMPARED.exec(left) ?? [];
  const comparison = (compared ?? 'absolute') as Comparison;
  const metric = metricNamed(name);
  if (!metric) {
    throw problem(`there is no metric '${name.slice(0, 100)}'`, ALLOWED, nearestOf(name, ALLOWED));
  }
  const bound = Number(number);
  const fault = Number.isFinite(bound)
    ? outOfRange(metric.metric, comparison, bound)
    : 'the bound is too large';
  if (fault) throw problem(fault, [CRITERION_FORM]);
  return { text, ...metric, comparison, operator: operator as Operator, bound };
}
