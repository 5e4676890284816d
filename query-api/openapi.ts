/** The OpenAPI 3.1 document: parameters, metrics and dimensions described from the tables the queries are made of. */
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from '@fastify/type-provider-zod';
import { z } from 'zod';
import { DIMENSION_NAMES, dimensionOf } from '../schemas/queries/dimensions.ts';
import { METRIC_NAMES, metricOf } from '../schemas/queries/metrics.ts';
import { CONTENT_TYPES } from './formats.ts';
import { problems } from './problems.ts';

const registry = z.registry<{ id: string }>();

const nullable = (schema: z.ZodType): z.ZodType => z.union([schema, z.null()]);

/** A row: `time` with an interval, the dimensions grouped by, the metrics asked for. */
const row = z.object({
  time: z.iso.datetime().optional().describe('start of the interval, if there is one'),
  ...Object.fromEntries(
    DIMENSION_NAMES.map((name) => [name, z.string().optional().describe(dimensionOf(name).meaning)]),
  ),
  ...Object.fromEntries(
    METRIC_NAMES.map((name) => {
      const { unit, meaning } = metricOf(name);
      return [name, nullable(z.number()).optional().describe(`${meaning} (${unit})`)];
    }),
  ),
});
registry.add(row, { id: 'RollupRow' });

export const rollupAnswer = z.object({
  from: z.iso.datetime().describe('start of the window, as resolved'),
  to: z.iso.datetime().describe('end of the window, not part of it'),
  interval: nullable(z.string()),
  group_by: z.array(z.string()),
  metrics: z.array(z.string()),
  quantiles: z.string().describe('`exact`: percentiles interpolate between order statistics (R-7)'),
  as_of: z.iso.datetime().describe('when the answer was made'),
  truncated: z.boolean().describe('there are more rows than `limit`'),
  rows: z.array(row),
});
registry.add(rollupAnswer, { id: 'RollupAnswer' });

export const statusAnswer = z.object({
  newest_call: nullable(
    z.object({
      started_at: z.iso.datetime(),
      inserted_at: z.iso.datetime(),
      age_s: z.number().describe('how long ago it started, in seconds'),
    }),
  ).describe('the newest call of the project that can be queried; null if there is none'),
  retention: z.object({
    payloads_days: z.number(),
    calls_days: z.number(),
    rollups_days: z.number(),
  }),
  ledger: nullable(z.record(z.string(), z.unknown())).describe(
    'counters of the collector; null where it runs elsewhere',
  ),
  lag: z.unknown().describe('messages not yet inserted, by partition; null where that is not known'),
  rollup_audit: z.null(),
  version: z.string(),
  schema: z.number().describe('number of the newest migration of the tables'),
});
registry.add(statusAnswer, { id: 'Status' });

export const problemAnswer = z.object({
  type: z.enum(Object.keys(problems).map((name) => `/problems/${name}`)),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  parameter: z.string().optional(),
  received: z.string().optional(),
  allowed: z.array(z.string()).optional(),
  nearest: z.string().optional(),
});
registry.add(problemAnswer, { id: 'Problem' });

export const problemResponses = {
  400: problemAnswer.describe('a parameter is wrong'),
  401: problemAnswer.describe('the read key is missing or not known'),
  403: problemAnswer.describe('the key is an ingest key'),
  422: problemAnswer.describe('the query is too large'),
  503: problemAnswer.describe('the database took too long or is not available'),
};

function description(): string {
  const types = Object.entries(problems).map(
    ([name, { status, meaning }]) => `| \`/problems/${name}\` | ${status} | ${meaning} |`,
  );
  return [
    'Latency, cost and errors of model calls, of the project that the read key opens.',
    'Times are UTC and windows hold their start and not their end. An absent metric is null, never 0; an absent',
    'dimension is `""`. `Authorization: Bearer <key>` or `x-api-key: <key>`.',
    '',
    '## Problems',
    '',
    'Errors are `application/problem+json` (RFC 9457).',
    '',
    '| type | status | meaning |',
    '|---|---|---|',
    ...types,
  ].join('\n');
}

type Content = Record<string, unknown>;
interface Described {
  paths?: Record<string, Record<string, { responses?: Record<string, { content?: Content }> }>>;
}

/** Problems have their own media type, and rows come in several. */
function withMediaTypes<T>(document: T): T {
  for (const [path, methods] of Object.entries((document as Described).paths ?? {})) {
    for (const { responses = {} } of Object.values(methods)) {
      for (const [status, response] of Object.entries(responses)) {
        const json = response.content?.['application/json'];
        if (json === undefined) continue;
        if (status !== '200') response.content = { 'application/problem+json': json };
        else if (path !== '/v1/status') {
          const others = Object.values(CONTENT_TYPES).map((type) => type.split(';')[0]!);
          response.content = Object.fromEntries(
            others.map((type) => [type, type === 'application/json' ? json : {}]),
          );
        }
      }
    }
  }
  return document;
}

/** Options of @fastify/swagger. */
export function openapiOptions(version: string) {
  const components = createJsonSchemaTransformObject({ schemaRegistry: registry });
  return {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Plumbline query API', version, description: description() },
      components: {
        securitySchemes: {
          bearer: { type: 'http' as const, scheme: 'bearer', description: 'a read key' },
          api_key: { type: 'apiKey' as const, in: 'header' as const, name: 'x-api-key' },
        },
      },
      security: [{ bearer: [] }, { api_key: [] }],
    },
    transform: createJsonSchemaTransform({ schemaRegistry: registry }),
    transformObject: (document: Parameters<typeof components>[0]) => withMediaTypes(components(document)),
  };
}
