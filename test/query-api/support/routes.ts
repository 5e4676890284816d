/** Every route of the OpenAPI document, so that tests about all routes are about new ones too. */
import type { FastifyInstance } from 'fastify';
import { SAMPLE_CALL, SAMPLE_URL } from '../../../query-api/code-samples.ts';
import { type Answer, get, INGEST_KEY, SHOP_KEY } from './harness.ts';

export interface Route {
  method: 'get' | 'post' | 'delete';
  /** As in the document: `/v1/calls/{trace_id}/{span_id}`. */
  path: string;
  parameters: { name: string; in: string; required: boolean; schema: { enum?: string[] } }[];
  samples: { url: string; body?: unknown }[];
  /** What the route needs: read keys read, ingest keys write. */
  kind: 'read' | 'ingest';
}

/** Routes that take an ingest key; every other one takes a read key. */
const WRITING = new Set(['post /v1/scores', 'delete /v1/users/{user_id}']);

function sampleOf(source: string): { url: string; body?: unknown } {
  const [, url, body] = /^curl '([^']+)'(?: -H '[^']*' -d '(.*)')?$/.exec(source)!;
  const path = url!.slice(SAMPLE_URL.length);
  return body === undefined ? { url: path } : { url: path, body: JSON.parse(body) };
}

export async function routesOf(app: FastifyInstance): Promise<Route[]> {
  const document = (await get(app, '/openapi.json', null)).json;
  return Object.entries<Record<string, Record<string, never>>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method as Route['method'],
      path,
      parameters: operation.parameters ?? [],
      samples: ((operation['x-codeSamples'] ?? []) as { source: string }[]).map(({ source }) =>
        sampleOf(source),
      ),
      kind: WRITING.has(`${method} ${path}`) ? ('ingest' as const) : ('read' as const),
    })),
  );
}

const IN_PATH: Record<string, string> = { ...SAMPLE_CALL, user_id: 'ann', name: 'before-candidate-xl' };

/** The path with the call of the samples, a user and a snapshot in it. */
export const pathOf = ({ path }: Route): string =>
  path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const value = IN_PATH[name];
    if (value === undefined)
      throw new Error(`Say in support/routes.ts what '${name}' of ${path} is in tests.`);
    return value;
  });

export const keyFor = ({ kind }: Route): string => (kind === 'ingest' ? INGEST_KEY : SHOP_KEY);

export async function ask(
  app: FastifyInstance,
  route: Route,
  url: string,
  key: string | null,
  body?: unknown,
): Promise<Answer> {
  const reply = await app.inject({
    method: route.method.toUpperCase() as 'GET' | 'POST' | 'DELETE',
    url,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const isJson = /\bjson;/.test(String(reply.headers['content-type']));
  return {
    status: reply.statusCode,
    headers: reply.headers,
    text: reply.body,
    raw: reply.rawPayload,
    json: isJson ? reply.json() : undefined,
  };
}
