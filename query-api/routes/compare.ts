/** /v1/compare: parse, ask, answer in the wanted form. */
import type { FastifyReply } from 'fastify';
import { type GivenColumn, givenRowsStatement } from '../../schemas/queries/given-rows.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { compare, flatRow } from '../compare/compare.ts';
import { parseCompareRequest } from '../compare/compare-request.ts';
import { CONTENT_TYPES, ENGINE_FORMATS, toCsv, toJsonLines } from '../formats.ts';
import type { RawQuery } from '../parameters/query-string.ts';
import { askFor, encoded, type RouteContext } from './context.ts';

/** A row of the matrix without lists in it, as forms with types have it. */
const COLUMN_TYPES: Partial<Record<string, GivenColumn['type']>> = {
  ...Object.fromEntries(
    ['level', 'slice', 'metric', 'unit', 'better', 'role', 'arm'].map((name) => [name, 'String' as const]),
  ),
  n: 'UInt64',
  reason: 'Nullable(String)',
};

/**
 * Other forms than JSON hold the matrix only; when it was made stands in a header. From where to where its windows reach
 * does so in every form. Throws Problem or WarehouseError.
 */
export async function answerCompare(
  reply: FastifyReply,
  raw: RawQuery,
  project: Project,
  context: RouteContext,
): Promise<unknown> {
  const now_ms = context.now();
  const request = parseCompareRequest(raw, { project, userIds: context.userIds, now_ms });
  const answer = await compare(request, project, context, now_ms, askFor(reply, context));
  const { format, arms } = request;
  reply.headers({
    'x-plumbline-from': new Date(Math.min(...arms.map(({ from_ms }) => from_ms))).toISOString(),
    'x-plumbline-to': new Date(Math.max(...arms.map(({ to_ms }) => to_ms))).toISOString(),
  });
  reply.type(CONTENT_TYPES[format]);
  if (format === 'json') return answer;
  reply.header('x-plumbline-as-of', answer.as_of);
  const rows = answer.rows.map(flatRow);
  if (format === 'jsonl') return toJsonLines(rows);
  const names = Object.keys(rows[0]!);
  if (format === 'csv') return toCsv(names, rows);
  const columns = names.map((name) => ({ name, type: COLUMN_TYPES[name] ?? 'Nullable(Float64)' }) as const);
  return encoded(givenRowsStatement(columns, rows), ENGINE_FORMATS[format], context, reply);
}
