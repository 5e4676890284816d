/** Turns whatever was thrown in a request into its problem, and answers unknown paths. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nearestOf } from './nearest.ts';
import { Problem, problemBody, problems } from './problems.ts';
import { problemOfWarehouse } from './warehouse-problems.ts';

function problemOf(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  const ofWarehouse = problemOfWarehouse(error);
  if (ofWarehouse) return ofWarehouse;
  const { statusCode: status, code } = error as { statusCode?: unknown; code?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const limit = `${request.routeOptions.bodyLimit} bytes`;
    const detail = `The body may have ${limit} at most: send less at once.`;
    return new Problem('body-too-large', { detail, allowed: [`at most ${limit}`] });
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Problem('bad-request', { detail: (error as Error).message }, { cause: error });
  }
  return new Problem(
    'internal',
    { detail: 'Something went wrong here. The log of the query API has the cause.' },
    { cause: error },
  );
}

export type Log = (level: 'error', message: string, fields?: Record<string, unknown>) => void;

export function sendProblem(error: unknown, reply: FastifyReply, log: Log | undefined): FastifyReply {
  const problem = problemOf(error, reply.request);
  const { status } = problems[problem.type];
  // The one that asked may be gone, and with it the query: no fault then.
  if (status >= 500 && !reply.raw.destroyed) {
    log?.('error', `a query was answered ${problem.type}`, { cause: String(problem.cause ?? problem) });
  }
  const { retry_after_s, headers } = problem.details;
  if (retry_after_s !== undefined) reply.header('retry-after', String(retry_after_s));
  return reply
    .code(status)
    .headers({ ...headers })
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemBody(problem)));
}

/** Whether a path is one of a route's, such as `/v1/calls/:trace_id/:span_id`. */
function isOf(route: string, path: string): boolean {
  const [wanted, given] = [route.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]))
  );
}

/** Paths that a reader of the document may take for routes, and what they meant. */
const MEANT: readonly [RegExp, hint: string][] = [
  [
    /^\/v1\/calls\/[^/]+\/?$/,
    'One call is /v1/calls/{trace_id}/{span_id}; all calls of a trace are /v1/traces/{trace_id}.',
  ],
];

/** Call it before any route is added: it learns the routes as they come. */
export function registerErrorHandlers(app: FastifyInstance, log: Log | undefined): void {
  const methodsByPath = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPath.get(url) ?? new Set<string>();
    for (const one of [method].flat()) methods.add(one);
    methodsByPath.set(url, methods);
  });
  app.setErrorHandler((error, _request, reply) => sendProblem(error, reply, log));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const methods = [...methodsByPath].filter(([route]) => isOf(route, path)).flatMap(([, own]) => [...own]);
    if (methods.length > 0) {
      const allowed = [...new Set(methods)];
      const detail = `'${path}' does not take ${request.method}.`;
      const headers = { allow: allowed.join(', ') };
      return sendProblem(new Problem('method-not-allowed', { detail, allowed, headers }), reply, log);
    }
    const known = [...methodsByPath.keys()].filter((route) => route !== '/' && !route.startsWith('/docs/'));
    const hint = MEANT.find(([form]) => form.test(path))?.[1];
    return sendProblem(
      new Problem('not-found', {
        detail: `There is no '${path.slice(0, 100)}' here.${hint === undefined ? '' : ` ${hint}`}`,
        received: path,
        allowed: known,
        nearest: nearestOf(path, known),
      }),
      reply,
      log,
    );
  });
}
