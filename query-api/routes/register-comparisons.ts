/** The routes that set arms side by side: comparisons, their snapshots, gates. */
import type { FastifyInstance } from 'fastify';
import {
  compareAnswer,
  gateAnswer,
  removedSnapshotAnswer,
  snapshotAnswer,
  snapshotsAnswer,
} from '../answers/compare.ts';
import { authenticate } from '../authenticate.ts';
import { samples } from '../code-samples.ts';
import { createFreeze, listSnapshots, readSnapshot, removeSnapshot } from '../compare/snapshots.ts';
import { evaluateGate } from '../gates/evaluate.ts';
import { parseGateRequest } from '../gates/gate-request.ts';
import { problemResponses } from '../openapi.ts';
import {
  describedCompare,
  describedGate,
  describedSnapshot,
  describedSnapshotList,
  describedSnapshotPath,
} from '../parameters/described-comparisons.ts';
import { type RawQuery, refuseUnknown } from '../parameters/query-string.ts';
import { answerCompare } from './compare.ts';
import { askFor, type RouteContext } from './context.ts';

const compareSchema = {
  summary: 'Compare models, variants or anything else',
  description:
    'The decision matrix: each metric of each arm, overall and by slice, with its 95 % interval, and its difference and ratio to the baseline with theirs. Beside it whether the arms had like traffic, and if not, the figures of the candidate weighted to the baseline’s mix. Looked at again and again until it pleases, a 95 % interval misleads: decide a rollout with `/v1/gates/evaluate`.',
  querystring: describedCompare,
  response: { 200: compareAnswer, ...problemResponses },
  ...samples(
    [
      'May candidate-xl replace small-chat-v1?',
      '/v1/compare?baseline=model:small-chat-v1&candidate=model:candidate-xl&from=now-7d',
    ],
    [
      'What changed since yesterday?',
      '/v1/compare?baseline=service:checkout&candidate=service:checkout&baseline_from=now-2d&baseline_to=now-1d&candidate_from=now-1d',
    ],
  ),
};

const freezeSchema = {
  summary: 'Keep a comparison under a name',
  description:
    'Makes the comparison now and keeps its answer, which stays when the calls have expired. It needs a read key, and a query API that may write.',
  body: describedSnapshot,
  response: { 200: snapshotAnswer, ...problemResponses },
  ...samples([
    'Keep what the decision was made on.',
    '/v1/snapshots',
    {
      name: 'before-candidate-xl',
      query: 'baseline=model:small-chat-v1&candidate=model:candidate-xl&from=now-7d',
    },
  ]),
};

const listSchema = {
  summary: 'Snapshots of comparisons',
  querystring: describedSnapshotList,
  response: { 200: snapshotsAnswer, ...problemResponses },
  ...samples(['Which comparisons were kept?', '/v1/snapshots']),
};

const readSchema = {
  summary: 'One snapshot',
  params: describedSnapshotPath,
  response: { 200: snapshotAnswer, ...problemResponses },
};

const removeSchema = {
  summary: 'Remove a snapshot',
  description:
    'Its name is free again. It needs a read key, as making one does, and a query API that may write. Answers what was removed.',
  params: describedSnapshotPath,
  response: { 200: removedSnapshotAnswer, ...problemResponses },
};

const gateSchema = {
  summary: 'May the candidate ship?',
  description:
    'Promote, hold or rollback, from a rollout config and a window. Intervals stay valid however often one looks: of rollouts of a candidate that is as good as the baseline at most 5 % are ever rolled back. A violated criterion decides alone; hold means that the calls so far allow both, and says about how many more would settle it.',
  body: describedGate,
  response: { 200: gateAnswer, ...problemResponses },
  ...samples([
    'May the canary ship?',
    '/v1/gates/evaluate',
    {
      config: {
        route: {
          default_model: 'small-chat-v1',
          canary: {
            model: 'candidate-xl',
            percentage: 5,
            criteria: ['latency<300', 'error_rate_delta<0.02'],
          },
        },
      },
      from: 'now-1d',
    },
  ]),
};

export function registerComparisons(app: FastifyInstance, context: RouteContext): void {
  const { keyRing, userIds } = context;
  const freeze = createFreeze(context);
  app.get('/v1/compare', { schema: compareSchema }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    return answerCompare(reply, request.query as RawQuery, project, context);
  });
  app.post('/v1/gates/evaluate', { schema: gateSchema }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    refuseUnknown(request.query as RawQuery, []);
    const now_ms = context.now();
    const gate = parseGateRequest(request.body, { project, userIds, now_ms });
    return evaluateGate(gate, project, context, now_ms, askFor(reply, context));
  });
  app.post('/v1/snapshots', { schema: freezeSchema }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    refuseUnknown(request.query as RawQuery, []);
    return freeze(request.body, project, askFor(reply, context));
  });
  app.get('/v1/snapshots', { schema: listSchema }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    return listSnapshots(request.query as RawQuery, project, context, askFor(reply, context));
  });
  app.get('/v1/snapshots/:name', { schema: readSchema, config: { frozen: true } }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    refuseUnknown(request.query as RawQuery, []);
    const { name } = request.params as { name: string };
    return readSnapshot(name, project, context, askFor(reply, context));
  });
  app.delete('/v1/snapshots/:name', { schema: removeSchema }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    refuseUnknown(request.query as RawQuery, []);
    const { name } = request.params as { name: string };
    return removeSnapshot(name, project, context, askFor(reply, context));
  });
}
