/** POST /v1/scores: evaluations and feedback about calls. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { BlockBuilder } from '../../schemas/native/block-builder.ts';
import { knownHashesStatement, knownSpansStatement, spanText } from '../../schemas/queries/known-calls.ts';
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

const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

/** A value of a statement may have 128 KiB, and hashes 67 characters each. */
const ASKED_AT_ONCE = 1_000;

const chunksOf = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / ASKED_AT_ONCE) }, (_, index) =>
    items.slice(index * ASKED_AT_ONCE, (index + 1) * ASKED_AT_ONCE),
  );

/** What is known of the calls that scores name. */
interface KnownCalls {
  /** Whether what a score names is stored by now. */
  has(sent: SentScore): boolean;
  /**
   * The stored form of an answer's hash. What some call of the project has is taken as it is; everything else is the
   * plain SHA-256 that the sender worked out.
   */
  storedHash(hash: string): Uint8Array;
}

async function knownCalls(
  sent: readonly SentScore[],
  project: Project,
  { keyedHash, database }: RouteContext,
  ask: Ask,
): Promise<KnownCalls> {
  const scope = { database, project };
  const spans = sent.flatMap(({ call }) => ('trace_id' in call ? [call] : []));
  const keyed = new Map<string, string>();
  for (const { call } of sent) {
    if (!('response_hash' in call)) continue;
    const own = bytes(call.response_hash);
    keyed.set(call.response_hash, keyedHash ? hex(keyedHash.ofSha256(project, own)) : call.response_hash);
  }
  const known = new Set<string>();
  for (const some of chunksOf([...new Map(spans.map((span) => [spanText(span), span])).values()])) {
    for (const { span } of await ask<{ span: string }>(knownSpansStatement(scope, some))) known.add(span);
  }
  for (const some of chunksOf([...new Set([...keyed].flat())])) {
    for (const row of await ask<{ hash: string }>(knownHashesStatement(scope, some))) known.add(row.hash);
  }
  const storedHash = (hash: string): string => (known.has(hash) ? hash : keyed.get(hash)!);
  return {
    has: ({ call }) => known.has('trace_id' in call ? spanText(call) : storedHash(call.response_hash)),
    storedHash: (hash) => bytes(storedHash(hash)),
  };
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
): Promise<{ stored: number; known: number }> {
  const { writer, retention } = context;
  if (writer === undefined) {
    throw new Problem('not-writing', {
      detail:
        'This query API cannot store scores: set CLICKHOUSE_API_USER and CLICKHOUSE_API_PASSWORD for it.',
    });
  }
  const now_ms = context.now();
  const sent = parseScores(body, now_ms, retention.calls_days);
  const calls = await knownCalls(sent, project, context, ask);
  const block = new BlockBuilder(scores);
  // Of the same score twice in one body the later one holds.
  for (const [index, score] of sent.entries()) {
    block.append(rowOf(score, project, now_ms * 1000 + index, calls.storedHash));
  }
  await writer.insert(await block.finish());
  return { stored: sent.length, known: sent.filter(calls.has).length };
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
const answer = z.object({
  stored: z.number().describe('scores that are now stored'),
  known: z
    .number()
    .describe(
      'of them, those that name what is stored by now: the others count once it comes, or name it wrongly',
    ),
});
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
