/** The routes about single calls: search, one call, one trace. */
import type { FastifyInstance } from 'fastify';
import { callAnswer, callsAnswer, traceAnswer } from '../answers/calls.ts';
import { authenticate } from '../authenticate.ts';
import { SAMPLE_CALL, samples } from '../code-samples.ts';
import { problemResponses } from '../openapi.ts';
import {
  describedCallPath,
  describedCallSearch,
  describedTracePath,
} from '../parameters/described-lookups.ts';
import { type RawQuery, refuseUnknown } from '../parameters/query-string.ts';
import { answerCalls } from './answer-calls.ts';
import { answerCall } from './call.ts';

import { askFor, type RouteContext } from './context.ts';
import { answerTrace } from './trace.ts';

const searchSchema = {
  summary: 'Search calls',
  description: 'The counted calls that match every condition, newest first or the largest first.',
  querystring: describedCallSearch,
  response: { 200: callsAnswer, ...problemResponses },
  ...samples(
    ['Which calls failed in the last hour?', '/v1/calls?status=error&from=now-1h'],
    ['Which calls were the slowest?', '/v1/calls?order_by=-duration_ms&from=now-7d&limit=20'],
    ['Which calls took over ten seconds?', '/v1/calls?min_duration_ms=10000&from=now-7d'],
    ['Which answers were judged wrong?', '/v1/calls?score=accuracy&max_score=0.5&from=now-7d'],
    ['Which calls did a provider throttle?', '/v1/calls?http_status=429&from=now-1d'],
    ['Which prompts or answers mention refunds?', '/v1/calls?text=refund&from=now-2d'],
  ),
};

const callSchema = {
  summary: 'One call',
  description:
    'The whole record, its redacted payload or why there is none, its scores, and its neighbours: calls with the same answer and with the same prompt. A span that numbers do not count (a repeat, a carrier) is answered too, with `counted: false` and the spans that count in its place. A call that counts names the spans that tell of it again, and shows the payload of one of them where it has none of its own.',
  params: describedCallPath,
  response: { 200: callAnswer, ...problemResponses },
  ...samples(['What happened in this call?', `/v1/calls/${SAMPLE_CALL.trace_id}/${SAMPLE_CALL.span_id}`]),
};

const traceSchema = {
  summary: 'One trace',
  description: 'The calls and carriers of a trace as a tree, each under its nearest stored ancestor.',
  params: describedTracePath,
  response: { 200: traceAnswer, ...problemResponses },
  ...samples(['Which calls did this request make?', `/v1/traces/${SAMPLE_CALL.trace_id}`]),
};

export function registerLookups(app: FastifyInstance, context: RouteContext): void {
  const { keyRing } = context;
  app.get('/v1/calls', { schema: searchSchema }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    return answerCalls(reply, request.query as RawQuery, project, context);
  });
  app.get('/v1/calls/:trace_id/:span_id', { schema: callSchema }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    refuseUnknown(request.query as RawQuery, []);
    const path = request.params as { trace_id: string; span_id: string };
    return answerCall(path, project, context, askFor(reply, context));
  });
  app.get('/v1/traces/:trace_id', { schema: traceSchema }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    refuseUnknown(request.query as RawQuery, []);
    const path = request.params as { trace_id: string };
    return answerTrace(path, project, context, askFor(reply, context));
  });
}
