/** The OpenAPI 3.1 document: parameters, metrics and dimensions described from the tables the queries are made of. */
import { jsonSchemaTransform, jsonSchemaTransformObject } from '@fastify/type-provider-zod';
import { z } from 'zod';
import { DIMENSION_NAMES, dimensionOf } from '../schemas/queries/dimensions.ts';
import { METRIC_NAMES, metricOf } from '../schemas/queries/metrics.ts';
import { CONTENT_TYPES } from './formats.ts';
import { presets } from './presets.ts';
import { problems } from './problems.ts';

const time = (meaning: string): z.ZodType => z.string().meta({ format: 'date-time', description: meaning });
const nullable = (schema: z.ZodType): z.ZodType => z.union([schema, z.null()]);

/** A row: `time` with an interval, the dimensions grouped by, the metrics asked for. */
const row = z.object({
  time: time('start of the interval, if there is one').optional(),
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
z.globalRegistry.add(row, { id: 'RollupRow' });

export const rollupAnswer = z.object({
  from: time('start of the window, as resolved'),
  to: time('end of the window, not part of it'),
  interval: nullable(z.string()),
  group_by: z.array(z.string()),
  metrics: z.array(z.string()),
  quantiles: z
    .string()
    .describe(
      '`exact`: percentiles interpolate between order statistics (R-7); `sketch(0.01)`: the same within 1 %',
    ),
  as_of: time('when the answer was made'),
  truncated: z.boolean().describe('there are more rows than `limit`, and there is no next page: see `hint`'),
  hint: z.string().optional().describe('how to come by the rows that were cut off, where some were'),
  rows: z.array(row),
});
z.globalRegistry.add(rollupAnswer, { id: 'RollupAnswer' });

export const statusAnswer = z.object({
  newest_call: nullable(
    z.object({
      started_at: time('when the call began'),
      inserted_at: time('when it reached the database'),
      age_s: z.number().describe('how long ago it started, in seconds'),
    }),
  ).describe('the newest call of the project that can be queried; null if there is none'),
  heartbeat: nullable(
    z.object({
      started_at: time('when the collector sent it'),
      inserted_at: time('when it reached the database'),
      age_s: z
        .number()
        .describe('how long ago it was sent: what the line is behind by, and up to its interval more'),
      delay_s: z.number().describe('how long it took from the collector into the database, in seconds'),
    }),
  ).describe(
    'the newest of the heartbeats that the collector sends through the whole line; null if there is none',
  ),
  retention: z.object({
    payloads_days: z.number(),
    calls_days: z.number(),
    rollups_days: z.number(),
  }),
  ledger: nullable(z.record(z.string(), z.unknown())).describe(
    'what became of the spans that came with keys of the project since the process started; null where the collector runs elsewhere (its `/metrics` count all projects together)',
  ),
  lag: nullable(
    z.object({
      messages: z.number().describe('messages of the log that are not stored yet'),
      reported_at: time('when ingest last said so'),
      age_s: z.number().describe('how long ago that was, in seconds'),
      partitions: z.array(z.object({ topic: z.string(), partition: z.number(), messages: z.number() })),
    }),
  ).describe(
    'what ingest has not stored yet, of all projects; null where it has not said so for a minute, and embedded, where there is no log',
  ),
  settling: nullable(
    z.object({
      examined_at: time('repeats are found among calls that reached the database before it'),
      lag_s: z
        .number()
        .describe('how much later the newest call came: answers find its repeats themselves, and cost more'),
      settled_hours: z.number().describe('hours whose rollups are published'),
    }),
  ).describe('how far repeats are found and rollups made; null before the first time'),
  rollup_audit: nullable(
    z.object({
      audited_hours: z.number().describe('settled hours whose rollups were compared with their calls'),
      differing_hours: z.number().describe('those that differed, which are settled anew'),
      newest_at: time('the last comparison'),
      oldest_at: time('the comparison that is the longest ago'),
    }),
  ).describe('null before the first comparison'),
  version: z.string(),
  schema: z.number().describe('number of the newest migration of the tables'),
});
z.globalRegistry.add(statusAnswer, { id: 'Status' });

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
z.globalRegistry.add(problemAnswer, { id: 'Problem' });

/** The problems of a query, by status. */
const PROBLEM_STATUSES: Readonly<Record<string, string>> = {
  400: 'a parameter is wrong',
  401: 'the key is missing or not known',
  403: 'the key is of the other kind',
  404: 'there is nothing of this id or name',
  409: 'the name is taken',
  413: 'the body is too large',
  422: 'the query is too large',
  503: 'the database took too long or is not available',
};
export const problemResponses = Object.fromEntries(
  Object.keys(PROBLEM_STATUSES).map((status) => [status, problemAnswer]),
);
/** Paths that answer in every form. */
const FORMAT_PATHS = new Set([...presets.map(({ path }) => path), '/v1/calls', '/v1/compare']);

function description(): string {
  const types = Object.entries(problems).map(
    ([name, { status, meaning }]) => `- **${status}** \`/problems/${name}\`: ${meaning}`,
  );
  return [
    'Latency, cost and errors of model calls, of the project that the read key opens.',
    'Times are UTC and windows hold their start and not their end. An absent metric is null, never 0; an absent',
    'dimension is `""`. `Authorization: Bearer <key>` or `x-api-key: <key>`.',
    '',
    'An answer about windows that ended over an hour ago, and a snapshot, may be kept for a minute and is then asked',
    'for by its `ETag` (`If-None-Match`, answered 304 where nothing has changed). Nothing else may be kept.',
    '',
    '## Problems',
    '',
    'Errors are `application/problem+json` (RFC 9457).',
    '',
    ...types,
  ].join('\n');
}

/** What the routes are about, in the order of the page; by the first part of their paths. */
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  Rollups: ['rollups', 'latency', 'cost', 'errors', 'models'],
  Calls: ['calls', 'traces', 'scores', 'users'],
  'Comparisons and gates': ['compare', 'snapshots', 'gates'],
  'State of the line': ['status', 'audit'],
};

function subjectOf(path: string): string {
  const part = path.split('/')[2] ?? '';
  const subject = Object.keys(SUBJECTS).find((name) => SUBJECTS[name]!.includes(part));
  if (subject === undefined) throw new Error(`${path} is about none of the subjects of the document`);
  return subject;
}

type Content = Record<string, unknown>;
interface Described {
  tags?: { name: string }[];
  paths?: Record<
    string,
    Record<
      string,
      { tags?: string[]; responses?: Record<string, { description?: string; content?: Content }> }
    >
  >;
  components?: { schemas?: Record<string, unknown> };
}

/** Problems have their own media type, rows come in several, and routes stand under their subjects. */
function finish<T>(document: T): T {
  const described = document as Described;
  const { paths = {}, components = {} } = described;
  described.tags = Object.keys(SUBJECTS).map((name) => ({ name }));
  for (const name of Object.keys(components.schemas ?? {})) {
    if (name.endsWith('Input')) delete components.schemas?.[name];
  }
  for (const [path, methods] of Object.entries(paths)) {
    for (const operation of Object.values(methods)) {
      operation.tags = [subjectOf(path)];
      const { responses = {} } = operation;
      for (const [status, response] of Object.entries(responses)) {
        const json = response.content?.['application/json'];
        if (json === undefined) continue;
        response.description = PROBLEM_STATUSES[status] ?? 'the answer';
        if (status !== '200') response.content = { 'application/problem+json': json };
        else if (FORMAT_PATHS.has(path)) {
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
    transform: jsonSchemaTransform,
    transformObject: (document: Parameters<typeof jsonSchemaTransformObject>[0]) =>
      finish(jsonSchemaTransformObject(document)),
  };
}
