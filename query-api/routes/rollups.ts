/** /v1/rollups, /v1/latency, /v1/cost, /v1/errors: parse, ask once, answer in the wanted form. */
import { buffer } from 'node:stream/consumers';
import type { FastifyReply } from 'fastify';
import type { CountedScope } from '../../schemas/queries/counted-calls.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { type RollupQuery, rollupSizeStatement, rollupStatement } from '../../schemas/queries/rollup.ts';
import type { Warehouse } from '../../schemas/seams.ts';
import { CONTENT_TYPES, ENGINE_FORMATS, type Format, type Row, toCsv, toJsonLines } from '../formats.ts';
import type { UserIds } from '../parameters/filters.ts';
import type { RawQuery } from '../parameters/query-string.ts';
import { parseRollupRequest, type RollupRequest } from '../parameters/rollup-request.ts';
import type { Preset } from '../presets.ts';

export interface RollupContext {
  warehouse: Warehouse;
  database: string;
  calls_days: number;
  userIds: UserIds;
  now: () => number;
}

interface Asked {
  request: RollupRequest;
  query: RollupQuery;
  /** What surrounds the rows in JSON. */
  about: { from: string; to: string; quantiles: 'exact'; as_of: string };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function ask(raw: RawQuery, preset: Preset, project: Project, context: RollupContext): Asked {
  const now_ms = context.now();
  const request = parseRollupRequest(raw, { preset, project, userIds: context.userIds, now_ms });
  const { database, calls_days } = context;
  const scope: CountedScope = { database, project, ...request.window, now_ms, calls_days };
  const { from_ms, to_ms } = request.window;
  const about = { from: iso(from_ms), to: iso(to_ms), quantiles: 'exact' as const, as_of: iso(now_ms) };
  return { request, query: { ...request.query, scope }, about };
}

/** Forms without room for it tell in headers what JSON tells beside the rows. */
function describe(reply: FastifyReply, format: Format, about: Asked['about'], truncated: boolean): void {
  reply.type(CONTENT_TYPES[format]);
  if (format === 'json') return;
  for (const [name, value] of Object.entries({ ...about, truncated })) {
    reply.header(`x-plumbline-${name.replaceAll('_', '-')}`, String(value));
  }
}

/** Parquet and Arrow are written by the database, so what is cut off is counted by a statement of its own. */
async function answerEncoded(
  reply: FastifyReply,
  { request, query, about }: Asked,
  format: keyof typeof ENGINE_FORMATS,
  warehouse: Warehouse,
  signal: AbortSignal,
): Promise<Buffer> {
  const size = rollupSizeStatement({ ...query, limit: query.limit + 1 });
  const counted = await warehouse.query<{ number: number }>(size.sql, { params: size.params, signal });
  const { sql, params } = rollupStatement(query, 'timestamp');
  const body = await buffer(await warehouse.stream(sql, ENGINE_FORMATS[format], { params, signal }));
  describe(reply, request.format, about, Number(counted.rows[0]?.number) > query.limit);
  return body;
}

/** The body of the answer; its type and headers are set on the reply. Throws Problem or WarehouseError. */
export async function answerRollup(
  reply: FastifyReply,
  raw: RawQuery,
  preset: Preset,
  project: Project,
  context: RollupContext,
  signal: AbortSignal,
): Promise<unknown> {
  const asked = ask(raw, preset, project, context);
  const { request, query, about } = asked;
  const { format, interval } = request;
  if (format === 'parquet' || format === 'arrow') {
    return answerEncoded(reply, asked, format, context.warehouse, signal);
  }
  const { sql, params } = rollupStatement({ ...query, limit: query.limit + 1 });
  const answer = await context.warehouse.query<Row>(sql, { params, signal });
  const truncated = answer.rows.length > query.limit;
  const rows = answer.rows.slice(0, query.limit);
  describe(reply, format, about, truncated);
  const { group_by, metrics } = query;
  if (format === 'csv') return toCsv([...(interval ? ['time'] : []), ...group_by, ...metrics], rows);
  if (format === 'jsonl') return toJsonLines(rows);
  const { from, to, quantiles, as_of } = about;
  return { from, to, interval, group_by, metrics, quantiles, as_of, truncated, rows };
}
