/** DELETE /v1/users/{user_id}: erasure, with a report of what was removed. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Project } from '../../schemas/queries/project.ts';
import { authenticate } from '../authenticate.ts';
import { problemResponses } from '../openapi.ts';
import { storedUserIds } from '../parameters/filters.ts';
import { type RawQuery, refuseUnknown } from '../parameters/query-string.ts';
import { Problem } from '../problems.ts';
import type { RouteContext } from './context.ts';

const LONGEST_ID = 1_000;

/** What was removed; counts are rows. */
export interface Erased {
  /** ISO 8601; calls received later are not touched. */
  erased_at: string;
  calls: number;
  payloads: number;
  scores: number;
  hours_unsettled: number;
  hours_frozen: number;
}

/** Erases a user by the stored form of the id; resolves when the bytes are gone. May be repeated. */
export type EraseUser = (user: { project: Project; user_id: string }) => Promise<Erased>;

const COUNTS = ['calls', 'payloads', 'scores', 'hours_unsettled', 'hours_frozen'] as const;

/** Rejects with Problem or WarehouseError. */
export async function eraseUserById(
  user_id: string,
  project: Project,
  { userIds }: RouteContext,
  eraseUser: EraseUser | undefined,
): Promise<Record<string, unknown>> {
  if (user_id === '' || user_id.length > LONGEST_ID) {
    throw new Problem('invalid-parameter', {
      detail: `'user_id' must have 1 to ${LONGEST_ID} characters.`,
      parameter: 'user_id',
      received: user_id,
      allowed: [`1 to ${LONGEST_ID} characters`],
    });
  }
  const stored = storedUserIds(user_id, project, userIds);
  if (eraseUser === undefined) {
    throw new Problem('not-writing', {
      detail: 'This query API cannot erase: set CLICKHOUSE_API_USER and CLICKHOUSE_API_PASSWORD for it.',
    });
  }
  const reports: Erased[] = [];
  // Text that reads like a pseudonym may be the stored form or a raw id: both are meant.
  for (const form of stored) reports.push(await eraseUser({ project, user_id: form }));
  const sum = (name: (typeof COUNTS)[number]): number =>
    reports.reduce((total, report) => total + report[name], 0);
  const frozen = sum('hours_frozen');
  return {
    user_ids: stored,
    erased_at: reports.at(-1)!.erased_at,
    ...Object.fromEntries(COUNTS.map((name) => [name, sum(name)])),
    remains:
      frozen === 0
        ? 'Nothing: rollups of the hours touched are made anew without these calls.'
        : `Hourly sums of ${frozen} hours whose calls have begun to expire stay as they are: they name no user.`,
  };
}

const answer = z.object({
  user_ids: z.array(z.string()).describe('the user as stored'),
  erased_at: z.string().meta({ format: 'date-time', description: 'calls received later are not touched' }),
  calls: z.number().describe('calls removed, other spans that tell of the same call included'),
  payloads: z.number().describe('parts of payloads removed'),
  scores: z.number(),
  hours_unsettled: z.number().describe('hours whose rollups are made anew'),
  hours_frozen: z.number().describe('hours whose rollups stay, since their calls have begun to expire'),
  remains: z.string().describe('what is left, in a sentence'),
});
z.globalRegistry.add(answer, { id: 'Erased' });

const schema = {
  summary: 'Erase a user',
  description:
    'Every call of the user, its payload and its scores: gone from answers at once, and from the disk when this answers. Calls received before and stored later (out of a log) go as well. Needs an ingest key. May be repeated.',
  params: z.object({ user_id: z.string().describe('The raw id, or the pseudonym that answers show.') }),
  response: { 200: answer, ...problemResponses },
};

export function registerUsers(
  app: FastifyInstance,
  context: RouteContext,
  eraseUser: EraseUser | undefined,
): void {
  app.delete('/v1/users/:user_id', { schema }, (request) => {
    const project = authenticate(context.keyRing, request.headers, 'ingest');
    refuseUnknown(request.query as RawQuery, []);
    const { user_id } = request.params as { user_id: string };
    return eraseUserById(user_id, project, context, eraseUser);
  });
}
