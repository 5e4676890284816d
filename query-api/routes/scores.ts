/** POST /v1/scores: evaluations and feedback about calls. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { BlockBuilder } from '../../schemas/native/block-builder.ts';
import { knownHashesStatement } from '../../schemas/queries/known-hashes.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { type ScoreRow, scores } from '../../schemas/record/scores.ts';
import { authenticate } from '../authenticate.ts';
import { SAMPLE_CALL, samples } from '../code-samples.ts';
import { problemResponses } from '../openapi.ts';
import { type RawQuery, refuseUnknown } from '../parameters/query-string.ts';
import { DEFAULT_SOURCE, MOST_SCORES, parseScores, type SentScore } from '../parameters/scores-body.ts';
import { Problem } from '../problems.ts';
import { type Ask, askFor, type RouteContext } from './context.ts';

const BODY_MAX_BYTES = 4 * 1024 * 1024;

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

/**
 * The stored form of an answer's hash. What some call of the project has is taken as it is; everything else is the
 * plain SHA-256 that the sender worked out.
 */
async function storedForms(
  sent: readonly SentScore[],
  project: Project,
  context: RouteContext,
  ask: Ask,
): Promise<(hash: string) => Uint8Array> {
  const { keyedHash, database } = context;
  if (keyedHash === undefined) return bytes;
  const hashes = new Set(sent.flatMap(({ call }) => ('response_hash' in call ? [call.response_hash] : [])));
  if (hashes.size === 0) return bytes;
  const rows = await ask<{ hash: string }>(knownHashesStatement({ database, project, hashes: [...hashes] }));
  const known = new Set(rows.map(({ hash }) => hash));
  return (hash) => (known.has(hash) ? bytes(hash) : keyedHash.ofSha256(project, bytes(hash)));
}

function rowOf(
  sent: SentScore,
  project: Project,
  version: number,
  stored: (hash: string) => Uint8Array,
): ScoreRow {
  const { call, name, value, source, label } = sent;
  const bySpan = 'trace_id' in call;
  return {
    project,
    trace_id: bySpan ? bytes(call.trace_id) : new Uint8Array(16),
    span_id: bySpan ? bytes(call.span_id) : new Uint8Array(8),
    response_hash: bySpan ? new Uint8Array(32) : stored(call.response_hash),
    response_id: '',
    name,
    source,
    value,
    label,
    scored_at: sent.scored_ms * 1000,
    version,
  };
}

/** Resolves once every score is stored. Rejects with Problem or WarehouseError. */
export async function takeScores(
  body: unknown,
  project: Project,
  context: RouteContext,
  ask: Ask,
): Promise<{ stored: number }> {
  const { writer, retention } = context;
  if (writer === undefined) {
    throw new Problem('not-writing', {
      detail:
        'This query API cannot store scores: set CLICKHOUSE_API_USER and CLICKHOUSE_API_PASSWORD for it.',
    });
  }
  const now_ms = context.now();
  const sent = parseScores(body, now_ms, retention.calls_days);
  const stored = await storedForms(sent, project, context, ask);
  const block = new BlockBuilder(scores);
  // Of the same score twice in one body the later one holds.
  for (const [index, score] of sent.entries()) {
    block.append(rowOf(score, project, now_ms * 1000 + index, stored));
  }
  await writer.insert(await block.finish());
  return { stored: sent.length };
}

const hash = z
  .string()
  .describe('Hex: the plain SHA-256 of the answer’s text, or the keyed hash that answers show.');
const score = z.object({
  trace_id: z.string().optional().describe('With `span_id`, the call; 32 hex digits.'),
  span_id: z.string().optional().describe('16 hex digits.'),
  response_hash: hash.optional().describe('Instead of the span: every call with this answer.'),
  name: z.string().describe('What was judged, such as `accuracy`.'),
  value: z.number().describe('The judgement.'),
  source: z.string().optional().describe(`Who judged, by default \`${DEFAULT_SOURCE}\`.`),
  label: z.string().optional().describe('The judgement in a word.'),
  time: z
    .union([z.string(), z.number()])
    .optional()
    .describe('When it was judged, by default now: ISO 8601 or milliseconds since 1970.'),
});
const body = z.union([score, z.array(score)]);
const answer = z.object({ stored: z.number().describe('scores that are now stored') });
z.globalRegistry.add(answer, { id: 'StoredScores' });

const schema = {
  summary: 'Send scores',
  description: `Evaluations and feedback, one or up to ${MOST_SCORES} in a list. Needs an ingest key. The same call, name and source again replaces the score, so a request may be repeated. All are stored or, where one is not acceptable, none.`,
  body,
  response: { 200: answer, ...problemResponses },
  ...samples([
    'This answer was right.',
    '/v1/scores',
    { ...SAMPLE_CALL, name: 'accuracy', value: 1, source: 'reviewer' },
  ]),
};

export function registerScores(app: FastifyInstance, context: RouteContext): void {
  app.post('/v1/scores', { schema, bodyLimit: BODY_MAX_BYTES }, (request, reply) => {
    const project = authenticate(context.keyRing, request.headers, 'ingest');
    refuseUnknown(request.query as RawQuery, []);
    return takeScores(request.body, project, context, askFor(reply, context));
  });
}
