/** /v1/compare: parse, ask, answer in the wanted form. */
import type { FastifyReply } from 'fastify';
import type { Project } from '../../schemas/queries/project.ts';
import { compare, flatRow } from '../compare/compare.ts';
import { parseCompareRequest } from '../compare/compare-request.ts';
import { CONTENT_TYPES, toCsv, toJsonLines } from '../formats.ts';
import type { RawQuery } from '../parameters/query-string.ts';
import { askFor, type RouteContext } from './context.ts';

/** CSV and JSON lines hold the matrix only; when it was made stands in a header. Throws Problem or WarehouseError. */
export async function answerCompare(
  reply: FastifyReply,
  raw: RawQuery,
  project: Project,
  context: RouteContext,
): Promise<unknown> {
  const now_ms = context.now();
  const request = parseCompareRequest(raw, { project, userIds: context.userIds, now_ms });
  const answer = await compare(request, project, context, now_ms, askFor(reply, context));
  const { format } = request;
  reply.type(CONTENT_TYPES[format]);
  if (format === 'json') return answer;
  reply.header('x-plumbline-as-of', answer.as_of);
  const rows = answer.rows.map(flatRow);
  return format === 'csv' ? toCsv(Object.keys(rows[0]!), rows) : toJsonLines(rows);
}
