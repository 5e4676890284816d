/** What comparisons, snapshots and gates answer, for the OpenAPI document. */
import { z } from 'zod';
import { MIX_DIMENSION_NAMES } from '../../schemas/queries/arms/traffic-mix.ts';

const time = (meaning: string): z.ZodType => z.string().meta({ format: 'date-time', description: meaning });
const nullable = (schema: z.ZodType): z.ZodType => z.union([schema, z.null()]);
const named = <T extends z.ZodType>(id: string, schema: T): T => {
  z.globalRegistry.add(schema, { id });
  return schema;
};

const number = nullable(z.number());
const ends = (meaning: string): z.ZodType =>
  nullable(z.array(z.number()).length(2)).describe(`${meaning}; null where too little is known`);

const arm = {
  arm: z.string().describe('the selector'),
  from: time('start of its window'),
  to: time('end of its window, not part of it'),
  calls: z.number(),
};

const matrixRow = named(
  'MatrixRow',
  z.object({
    level: z.enum(['overall', 'slice']),
    slice: z.string(),
    metric: z.string(),
    unit: z.string(),
    better: z.enum(['lower', 'higher']),
    role: z.enum(['baseline', 'candidate']),
    arm: z.string().describe('the selector'),
    n: z.number().describe('calls that have a value'),
    value: number,
    interval: ends('95 % interval of the value'),
    difference: number.describe('candidate minus baseline'),
    difference_interval: ends('95 % interval of the difference'),
    ratio: number.describe('candidate over baseline'),
    ratio_interval: ends('95 % interval of the ratio'),
    reason: nullable(z.string()).describe('what is missing, where something is null'),
  }),
);

const comparability = named(
  'Comparability',
  z.object({
    dimension: z.enum(MIX_DIMENSION_NAMES),
    distance: number.describe('total variation distance: the share of traffic of another kind, 0 to 1'),
    by_chance: number.describe('what equal arms of these sizes differ by on average'),
    differs: z.boolean(),
    shares: z
      .array(z.object({ value: z.string(), baseline: z.number(), candidate: z.number() }))
      .describe('shares of the arms’ calls, the ten that differ most'),
  }),
);

const matched = named(
  'Matched',
  z.object({
    on: z.array(z.enum(MIX_DIMENSION_NAMES)),
    baseline_share: z.number().describe('share of its calls that are of a kind which both arms have'),
    candidate_share: z.number(),
    rows: z.array(matrixRow),
  }),
);

export const compareAnswer = named(
  'CompareAnswer',
  z.object({
    baseline: z.object(arm),
    candidates: z.array(
      z.object({
        ...arm,
        shared_calls: z.number().describe('calls that are in the baseline as well'),
        comparability: z.array(comparability),
        matched: nullable(matched).describe(
          'overall figures with the candidate’s traffic weighted to the baseline’s mix; null where it is alike',
        ),
      }),
    ),
    confidence: z.number(),
    quantiles: z.enum(['exact']),
    source: z.enum(['calls']).describe('figures are made of the calls themselves and need them'),
    as_of: time('when the answer was made'),
    calls_expire_at: time('when the first of the calls expires: freeze the answer before'),
    metrics: z.array(z.string()),
    slices: z.array(z.string()).describe('the twenty largest'),
    slices_left_out: z.number(),
    warnings: z.array(z.string()),
    rows: z.array(matrixRow).describe('the decision matrix: by slice, metric and arm'),
  }),
);

const snapshotHead = {
  name: z.string(),
  created_at: time('when it was frozen'),
  query: z.string().describe('parameters of the comparison, as a query string'),
};
export const snapshotAnswer = named('Snapshot', z.object({ ...snapshotHead, answer: compareAnswer }));
export const removedSnapshotAnswer = named('RemovedSnapshot', z.object(snapshotHead));
export const snapshotsAnswer = named(
  'Snapshots',
  z.object({
    items: z.array(z.object(snapshotHead)),
    next_cursor: nullable(z.string()).describe('asks for the next page; null when there is none'),
  }),
);

const verdict = z.enum(['promote', 'hold', 'rollback']);
const openEnds = z
  .array(nullable(z.number()))
  .length(2)
  .describe('holds however often one looks; an end that is not known yet is null');
const more = number.describe(
  'calls of the candidate, about, that would settle it; null where it cannot be said',
);
const armEvidence = z.object({ value: number, interval: openEnds });

export const gateAnswer = named(
  'GateAnswer',
  z.object({
    verdict,
    reason: z.string(),
    criteria: z.array(
      z.object({
        criterion: z.string(),
        verdict,
        value: number,
        interval: openEnds,
        bound: z.number(),
        n_baseline: z.number().describe('calls of the baseline that have a value'),
        n_candidate: z.number(),
        reason: z.string(),
        more_calls_needed: more,
      }),
    ),
    more_calls_needed: more,
    confidence: z.number().describe('of all criteria and all looks together'),
    min_calls: z.number(),
    from: time('start of the window'),
    to: time('end of the window, not part of it'),
    as_of: time('when the answer was made'),
    baseline_calls: z.number(),
    candidate_calls: z.number(),
    evidence: z.array(
      z.object({
        criterion: z.string(),
        metric: z.string(),
        method: z.string(),
        baseline: armEvidence,
        candidate: armEvidence,
      }),
    ),
  }),
);
