/** Parameters and bodies of comparisons, snapshots and gates, for the OpenAPI document. */
import { z } from 'zod';
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import { MOST_CANDIDATES, MOST_SCORES } from '../compare/compare-request.ts';
import { FORMATS } from '../formats.ts';
import { CRITERION_FORM } from '../gates/criteria.ts';
import { DEFAULT_MIN_CALLS } from '../gates/gate-request.ts';
import { TIME_FORMS } from '../time.ts';
import { bullets, filterOn } from './described.ts';

const moment = (meaning: string): z.ZodType => z.string().optional().describe(meaning);

const FORMS = bullets(TIME_FORMS);

export const describedCompare = z.object({
  baseline: z
    .string()
    .describe(
      'The arm that the others are compared with: `dimension:value`, several joined by commas, all of which hold; a leading `!` of a value means not, `\\,` is a comma of a value.',
    ),
  candidate: z
    .array(z.string())
    .describe(`The arm to compare, or up to ${MOST_CANDIDATES} by repeating the parameter.`),
  from: moment(`Start of the window, by default 24 hours before \`to\`.${FORMS}`),
  to: moment(`End of the window, not part of it, by default now.${FORMS}`),
  baseline_from: moment('Start of the baseline’s own window, by default `from`.'),
  baseline_to: moment('End of the baseline’s own window, by default `to`.'),
  candidate_from: moment('Start of the candidates’ own window, by default `from`.'),
  candidate_to: moment('End of the candidates’ own window, by default `to`.'),
  score: z
    .array(z.string())
    .optional()
    .describe(`Name of scores to compare as well, up to ${MOST_SCORES} by repeating it.`),
  format: z
    .enum(FORMATS)
    .optional()
    .describe(
      'Form of the answer, by default `json`; the others hold the decision matrix only, with the ends of intervals in columns of their own, and when it was made in `x-plumbline-as-of`.',
    ),
  ...Object.fromEntries(DIMENSION_NAMES.map((name) => [name, filterOn(name)])),
});

export const describedSnapshot = z.object({
  name: z.string().describe('Letters, digits, dots, hyphens and underscores, up to 100.'),
  query: z
    .union([z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string())]))])
    .describe('Parameters of `/v1/compare`, as a query string or as an object.'),
});

export const describedSnapshotPath = z.object({ name: z.string() });

export const describedSnapshotList = z.object({
  limit: z.int().min(1).max(1_000).optional().describe('Most items, by default 100.'),
  cursor: z.string().optional().describe('`next_cursor` of the page before.'),
});

export const describedGate = z.object({
  config: z
    .object({
      route: z.object({
        default_model: z.string().describe('Its calls are the baseline, those of other variants excluded.'),
        canary: z.object({
          model: z
            .string()
            .describe(
              'Its calls are the candidate; where it is the default model too, those of variant `canary`.',
            ),
          percentage: z.number().optional(),
          criteria: z.array(z.string()).describe(`Each is ${CRITERION_FORM}.`),
        }),
      }),
    })
    .describe('The rollout config as teams keep it; what else stands in it is not read.'),
  from: z
    .union([z.string(), z.number()])
    .optional()
    .describe('When the rollout began: keep it as the rollout goes on. By default 24 hours before `to`.'),
  to: z.union([z.string(), z.number()]).optional().describe('By default now.'),
  filters: z
    .record(z.string(), z.union([z.string(), z.array(z.string())]))
    .optional()
    .describe('Dimension to value or values, as in filters of a query.'),
  min_calls: z
    .int()
    .optional()
    .describe(`Calls of each arm before which nothing is promoted, by default ${DEFAULT_MIN_CALLS}.`),
});
