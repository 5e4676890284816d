/** The query API as a fastify instance that does not listen yet. */
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { KeyRing } from '../schemas/identity/key-ring.ts';
import type { KeyedHash } from '../schemas/identity/keyed-hash.ts';
import type { Project } from '../schemas/queries/project.ts';
import type { Warehouse } from '../schemas/seams.ts';
import type { Retention } from '../schemas/tables/ddl.ts';
import { authenticate } from './authenticate.ts';
import { registerCaching } from './caching.ts';
import { answerClientError } from './client-errors.ts';
import { clientSignal } from './client-signal.ts';
import { samples } from './code-samples.ts';
import { registerDocs } from './docs.ts';
import { type Log, registerErrorHandlers, sendProblem } from './error-handler.ts';
import type { Freshness } from './freshness.ts';
import { openapiOptions, problemResponses, rollupAnswer, statusAnswer } from './openapi.ts';
import { describedParameters } from './parameters/described.ts';
import type { UserIds } from './parameters/filters.ts';
import { type RawQuery, refuseUnknown } from './parameters/query-string.ts';
import { presets } from './presets.ts';
import type { RouteContext } from './routes/context.ts';
import { registerOverview } from './routes/overview.ts';
import { registerComparisons } from './routes/register-comparisons.ts';
import { registerLookups } from './routes/register-lookups.ts';
import { answerRollup } from './routes/rollups.ts';
import { registerScores } from './routes/scores.ts';
import { answerStatus } from './routes/status.ts';
import { type EraseUser, registerUsers } from './routes/users.ts';

export interface QueryApiOptions {
  /** Connected as the user that may only read. */
  warehouse: Warehouse;
  /** Connected as the user that writes: scores and whatever else is sent here. Absent: nothing can be stored. */
  writer?: Warehouse;
  database: string;
  keyRing: KeyRing;
  /** The pipeline's key; needed where user ids are stored as pseudonyms. */
  keyedHash?: KeyedHash;
  user_ids: 'pseudonym' | 'raw' | 'drop';
  retention: Retention;
  /** Erases a user's calls; absent where nothing can be written. */
  eraseUser?: EraseUser;
  /** The collector's counters of a project, where it runs in this process. */
  ledger?: (project: Project) => Record<string, unknown>;
  /** Messages that wait to be inserted. */
  lag?: () => Promise<unknown>;
  /** Age of the newest heartbeat, for the status. */
  freshness?: Freshness;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Told of what was answered with a 5xx, and why. */
  log?: Log;
  version: string;
}

/** Longer ones are no route; the routes name what they take in a problem. */
const PATH_PARAMETER_MAX_CHARS = 4_096;

function userIdsOf({ user_ids, keyedHash }: QueryApiOptions): UserIds {
  if (user_ids !== 'pseudonym') return { stored: user_ids };
  if (!keyedHash) throw new Error('User ids are stored as pseudonyms: the query API needs the hash key.');
  return { stored: user_ids, keyedHash };
}

/** Routes may still be added to it. Rejects with an Error when the options do not fit together. */
export async function createQueryApi(options: QueryApiOptions): Promise<FastifyInstance> {
  const { warehouse, writer, database, keyRing, keyedHash, retention, version, ledger, lag, freshness } =
    options;
  const now = options.now ?? Date.now;
  const userIds = userIdsOf(options);
  const rollups = { warehouse, database, calls_days: retention.calls_days, userIds, now };
  const context: RouteContext = { warehouse, writer, database, keyRing, keyedHash, userIds, retention, now };
  const status = { warehouse, database, retention, ledger, lag, freshness, now, version };

  const app: FastifyInstance = fastify({
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: PATH_PARAMETER_MAX_CHARS },
    frameworkErrors: (error, _request, reply) => {
      sendProblem(error, reply as FastifyReply, options.log);
    },
  });
  registerErrorHandlers(app, options.log);
  // Schemas describe the routes; requests are read by parsers of our own, whose problems say more.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  });
  registerCaching(app, now);
  await app.register(swagger, openapiOptions(version));
  await registerDocs(app);

  for (const preset of presets) {
    const { path, summary, description, asks } = preset;
    const schema = {
      summary,
      description,
      querystring: describedParameters(preset),
      response: { 200: rollupAnswer, ...problemResponses },
      ...samples(...asks),
    };
    app.get(path, { schema }, (request, reply) => {
      const project = authenticate(keyRing, request.headers);
      return answerRollup(reply, request.query as RawQuery, preset, project, rollups, clientSignal(reply));
    });
  }

  registerLookups(app, context);
  registerScores(app, context);
  registerComparisons(app, context);
  registerOverview(app, context);
  registerUsers(app, context, options.eraseUser);

  const statusSchema = {
    summary: 'Freshness, retention and lag',
    response: { 200: statusAnswer, ...problemResponses },
    ...samples(['How fresh is what I see?', '/v1/status']),
  };
  app.get('/v1/status', { schema: statusSchema }, (request, reply) => {
    const project = authenticate(keyRing, request.headers);
    refuseUnknown(request.query as RawQuery, []);
    return answerStatus(project, status, clientSignal(reply));
  });
  return app;
}
