/** The parameters of a rollup as a schema, for the OpenAPI document; requests are parsed in rollup-request.ts. */
import { z } from 'zod';
import { DIMENSION_NAMES, type DimensionName, dimensionOf } from '../../schemas/queries/dimensions.ts';
import { METRIC_NAMES, metricOf } from '../../schemas/queries/metrics.ts';
import { FORMATS } from '../formats.ts';
import type { Preset } from '../presets.ts';
import { TIME_FORMS } from '../time.ts';
import { DEFAULT_LIMIT, INTERVALS, MOST_ROWS, QUANTILES } from './rollup-request.ts';

export const bullets = (lines: readonly string[]): string => lines.map((line) => `\n- ${line}`).join('');
const names = (list: readonly string[]): string =>
  list.length === 0 ? 'none' : list.map((name) => `\`${name}\``).join(', ');

export function filterOn(name: DimensionName): z.ZodType {
  const { meaning, allowed, calls_only } = dimensionOf(name);
  const values = allowed ? ` One of ${names(allowed.filter((value) => value !== ''))}.` : '';
  const source = calls_only ? ' Answered from the calls, never from rollups.' : '';
  return z
    .array(z.string())
    .optional()
    .describe(
      `Filter: ${meaning}.${values}${source} Repeated means or, a leading \`!\` means not, empty means absent; \`\\!\` begins a value that begins with \`!\` itself.`,
    );
}

export function describedParameters(preset: Preset): z.ZodType {
  const times = bullets(TIME_FORMS);
  return z.object({
    from: z.string().optional().describe(`Start of the window, by default 24 hours before \`to\`.${times}`),
    to: z.string().optional().describe(`End of the window, not part of it, by default now.${times}`),
    metrics: z
      .array(z.enum(METRIC_NAMES))
      .optional()
      .describe(
        `What to measure, separated by commas; by default ${names(preset.metrics)}.${bullets(
          METRIC_NAMES.map((name) => `\`${name}\` (${metricOf(name).unit}): ${metricOf(name).meaning}`),
        )}`,
      ),
    group_by: z
      .array(z.enum(DIMENSION_NAMES))
      .optional()
      .describe(
        `Dimensions to group by, separated by commas; by default ${names(preset.group_by)}, none if empty.${bullets(
          DIMENSION_NAMES.map((name) => `\`${name}\`: ${dimensionOf(name).meaning}`),
        )}`,
      ),
    interval: z
      .enum(INTERVALS)
      .optional()
      .describe(
        'Length of the intervals, aligned to UTC and named by their start; without it one row a group.',
      ),
    order_by: z
      .array(z.string())
      .optional()
      .describe(
        `Metrics, dimensions that are grouped by, or \`time\`, separated by commas, each with a leading \`-\` for descending; by default \`time\`, then \`-${preset.order_by}\`. Nulls come last.`,
      ),
    limit: z
      .int()
      .min(1)
      .max(MOST_ROWS)
      .optional()
      .describe(
        `Most rows, by default ${DEFAULT_LIMIT}. Where there are more, \`truncated\` says so: narrow the window or filter on what is grouped by, or with an \`interval\` ask again \`from\` the \`time\` of the last row.`,
      ),
    format: z
      .enum(FORMATS)
      .optional()
      .describe(
        'Form of the answer, by default `json`. The others hold the rows only; the rest of the answer is in `x-plumbline-*` headers.',
      ),
    quantiles: z
      .enum(QUANTILES)
      .optional()
      .describe(
        'How percentiles are made: `exact` from the calls, `sketch` from hourly rollups within 1 % where these can answer (whole-hour intervals, dimensions and metrics of rollups), `auto` (the default) exact unless the window holds over 2 million calls or reaches back beyond their retention. Everything but percentiles is the same either way.',
      ),
    score: z.string().optional().describe('Name of the scores that `score_avg` is the mean of.'),
    ...Object.fromEntries(DIMENSION_NAMES.map((name) => [name, filterOn(name)])),
  });
}
