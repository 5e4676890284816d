/** A typed client of the query API, for whatever runs where fetch does: the dashboard, the CLI, a script. */
import type { Operations, Problem } from './types.ts';

export interface ClientOptions {
  /** Where the query API listens, such as http://127.0.0.1:8080; empty in a page that it serves. */
  base_url: string;
  key?: string;
}

type Name = keyof Operations;
type Given<T> = T extends Record<string, never> | undefined ? undefined : T;

/** What one request takes: path and body where the route has them, the query where one is wanted. */
export type Asked<N extends Name> = (Given<Operations[N]['path']> extends undefined
  ? { path?: undefined }
  : { path: Operations[N]['path'] }) &
  (undefined extends Operations[N]['body'] ? { body?: undefined } : { body: Operations[N]['body'] }) & {
    query?: Partial<Operations[N]['query']>;
    signal?: AbortSignal;
  };

/** The API answered with a problem; `problem` is its body. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export interface Client {
  /** Rejects with ProblemError, or as fetch does when nobody answers. */
  ask<N extends Name>(name: N, asked: Asked<N>): Promise<Operations[N]['answer']>;
}

function queryString(query: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((one): [string, string][] => (one === undefined ? [] : [[name, String(one)]])),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

export function createClient({ base_url, key }: ClientOptions): Client {
  return {
    async ask(name, { path, query, body, signal }) {
      const [method, template] = name.split(' ') as [string, string];
      const places: Readonly<Record<string, unknown>> = path ?? {};
      const filled = template.replace(/\{(\w+)\}/g, (_all, place: string) =>
        encodeURIComponent(String(places[place])),
      );
      const reply = await fetch(`${base_url}${filled}${queryString(query ?? {})}`, {
        method,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
      const answer: unknown = await reply.json();
      if (!reply.ok) throw new ProblemError(answer as Problem);
      return answer as never;
    },
  };
}
