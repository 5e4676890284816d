/** /v1/models and /v1/audit: what is in use, and whether it is handled with care. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import {
  type KeptRow,
  keptStatement,
  type TrafficRow,
  trafficStatement,
} from '../../schemas/queries/audit-facts.ts';
import { type ModelRow, modelsStatement } from '../../schemas/queries/models.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { COST_STATUSES } from '../../schemas/record/calls.ts';
import { checks } from '../audit/checks.ts';
import { authenticate } from '../authenticate.ts';
import { samples } from '../code-samples.ts';
import { problemResponses } from '../openapi.ts';
import { describedDays } from '../parameters/described-lookups.ts';
import { type RawQuery, refuseUnknown } from '../parameters/query-string.ts';
import { MOST_ROWS } from '../parameters/rollup-request.ts';
import { scopeOf } from '../parameters/scope.ts';
import { type Ask, askFor, type RouteContext } from './context.ts';

const MODELS_DAYS = 30;
const AUDIT_DAYS = 7;
const iso = (ms: number): string => new Date(ms).toISOString();

/** Rejects with Problem or WarehouseError. */
export async function answerModels(raw: RawQuery, project: Project, context: RouteContext, ask: Ask) {
  refuseUnknown(raw, ['from', 'to']);
  const scope = scopeOf(raw, project, context, MODELS_DAYS);
  const rows = await ask.counted(scope, (counting) =>
    ask<ModelRow>(modelsStatement({ ...scope, counting }, MOST_ROWS + 1)),
  );
  return {
    from: iso(scope.from_ms),
    to: iso(scope.to_ms),
    truncated: rows.length > MOST_ROWS,
    items: rows.slice(0, MOST_ROWS),
    next_cursor: null,
  };
}

/** Rejects with Problem or WarehouseError. */
export async function answerAudit(raw: RawQuery, project: Project, context: RouteContext, ask: Ask) {
  refuseUnknown(raw, ['from', 'to']);
  const scope = scopeOf(raw, project, context, AUDIT_DAYS);
  const { retention } = context;
  const [traffic, kept] = await Promise.all([
    ask.counted(scope, (counting) => ask<TrafficRow>(trafficStatement({ ...scope, counting }))),
    ask<KeptRow>(keptStatement({ ...scope, payloads_days: retention.payloads_days })),
  ]);
  const facts = { traffic, kept: kept[0]!, retention, now_ms: scope.now_ms };
  return { from: iso(scope.from_ms), to: iso(scope.to_ms), checks: checks.map((check) => check(facts)) };
}

const nullableNumber = z.union([z.number(), z.null()]);
const time = z.string().meta({ format: 'date-time' });
const modelsAnswer = z.object({
  from: time,
  to: time,
  truncated: z.boolean(),
  items: z.array(
    z.object({
      provider: z.string(),
      model: z.string(),
      calls: z.number(),
      unpriced_calls: z.number().describe('calls whose cost is not known'),
      cost_status: z
        .enum(COST_STATUSES)
        .describe(
          'where the cost of the newest call that has one comes from; `unpriced` where none has, and these come first',
        ),
      price_version: z.string().describe('price table and date of that cost'),
      context_window: nullableNumber.describe('the model’s limit of tokens'),
      response_models: z.array(z.string()).describe('what answered, as reported; ten at most'),
      input_usd_per_1m_tokens: nullableNumber.describe(
        'paid for a million input tokens, cached ones included',
      ),
      output_usd_per_1m_tokens: nullableNumber.describe('paid for a million output tokens'),
      cost_usd: nullableNumber,
      first_at: time,
      last_at: time,
    }),
  ),
  next_cursor: z.null(),
});
z.globalRegistry.add(modelsAnswer, { id: 'Models' });

const auditAnswer = z.object({
  from: time,
  to: time,
  checks: z.array(
    z.object({
      id: z.string(),
      question: z.string(),
      answer: z.enum(['yes', 'no', 'unknown']),
      because: z.string().describe('what the answer rests on'),
      evidence: z.record(z.string(), z.unknown()),
    }),
  ),
});
z.globalRegistry.add(auditAnswer, { id: 'Audit' });

const modelsSchema = {
  summary: 'Models in use, and their prices',
  description: 'Models without a price come first: their calls are in no sum of dollars.',
  querystring: describedDays(MODELS_DAYS),
  response: { 200: modelsAnswer, ...problemResponses },
  ...samples(['Which models are in use, and which has no price?', '/v1/models']),
};
const auditSchema = {
  summary: 'Safety checks',
  description:
    'Whether models are changed with care, as far as the data shows: each check is answered `yes`, `no` or `unknown`, with its evidence.',
  querystring: describedDays(AUDIT_DAYS),
  response: { 200: auditAnswer, ...problemResponses },
  ...samples(['Are we ready to change a model?', '/v1/audit']),
};

export function registerOverview(app: FastifyInstance, context: RouteContext): void {
  for (const [path, schema, answer] of [
    ['/v1/models', modelsSchema, answerModels],
    ['/v1/audit', auditSchema, answerAudit],
  ] as const) {
    app.get(path, { schema }, (request, reply): Promise<unknown> => {
      const project = authenticate(context.keyRing, request.headers);
      return answer(request.query as RawQuery, project, context, askFor(reply, context));
    });
  }
}
