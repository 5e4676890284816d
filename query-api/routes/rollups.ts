/** /v1/rollups, /v1/latency, /v1/cost, /v1/errors: parse, ask once, answer in the wanted form. */
import { buffer } from 'node:stream/consumers';
import type { FastifyReply } from 'fastify';
import { callsInWindow } from '../../schemas/queries/cell-source.ts';
import type { Counting, CountingScope } from '../../schemas/queries/counting.ts';
import { SKETCH_ERROR } from '../../schemas/queries/histogram.ts';
import type { Project } from '../../schemas/queries/project.ts';
import {
  fitsCells,
  hasPercentiles,
  type RollupQuery,
  rollupSizeStatement,
  rollupStatement,
} from '../../schemas/queries/rollup.ts';
import { horizonMs } from '../../schemas/queries/settling/times.ts';
import { withCounting } from '../../schemas/queries/with-counting.ts';
import type { Warehouse } from '../../schemas/seams.ts';
import { CONTENT_TYPES, ENGINE_FORMATS, type Format, type Row, toCsv, toJsonLines } from '../formats.ts';
import type { UserIds } from '../parameters/filters.ts';
import type { RawQuery } from '../parameters/query-string.ts';
import { MOST_ROWS, parseRollupRequest, type RollupRequest } from '../parameters/rollup-request.ts';
import type { Preset } from '../presets.ts';

export interface RollupContext {
  warehouse: Warehouse;
  database: string;
  calls_days: number;
  userIds: UserIds;
  now: () => number;
}

/** `auto` answers from the calls up to so many deliveries in the window: then it is exact and fast enough. */
const EXACT_CALLS_MOST = 2_000_000;
/** Without percentiles rollups say the same, and are the cheaper way much earlier. */
const SUMMED_CALLS_MOST = 200_000;

interface Asked {
  request: RollupRequest;
  query: RollupQuery;
  /** What surrounds the rows in JSON. */
  about: { from: string; to: string; quantiles: string; as_of: string };
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Whether the answer is made of rollups, by what was asked for and how much there is. */
function fromRollups(request: RollupRequest, query: RollupQuery, counting: Counting): boolean {
  if (request.quantiles === 'exact' || !fitsCells(query)) return false;
  if (request.quantiles === 'sketch') return true;
  const most = hasPercentiles(query) ? EXACT_CALLS_MOST : SUMMED_CALLS_MOST;
  // Of calls that have expired only rollups know.
  return query.scope.from_ms < horizonMs(query.scope) || callsInWindow(counting, query.scope) > most;
}

function plan(request: RollupRequest, scope: CountingScope, counting: Counting): Asked {
  const query: RollupQuery = { ...request.query, scope: { ...scope, counting } };
  const sketched = fromRollups(request, query, counting);
  const about = {
    from: iso(scope.from_ms),
    to: iso(scope.to_ms),
    quantiles: sketched && hasPercentiles(query) ? `sketch(${SKETCH_ERROR})` : 'exact',
    as_of: iso(counting.as_of_ms),
  };
  return { request, query: { ...query, source: sketched ? 'cells' : 'calls' }, about };
}

/**
 * How to come by the rows that `limit` cut off. There is no next page: rows in the order of a metric change places while
 * calls come in, and a page that begins where another ended would leave some out in silence.
 */
function howToSeeMore({ query }: RollupRequest, about: Asked['about'], last: Row): string {
  const { limit, group_by, order_by } = query;
  const first = order_by[0];
  const inTime = first?.by === 'time' && !first.descending && Date.parse(String(last.time));
  const ways = [
    ...(limit < MOST_ROWS ? [`raise 'limit' (up to ${MOST_ROWS})`] : []),
    ...(inTime && inTime > Date.parse(about.from)
      ? [`ask again with 'from=${last.time}', the interval of the last row, for what follows`]
      : []),
    ...group_by.map((name) => `filter on '${name}'`).slice(0, 1),
    "choose by 'order_by' which rows come first",
  ];
  return `There are more than ${limit} rows: ${ways.join('; or ')}.`;
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
  const now_ms = context.now();
  const { warehouse, database, calls_days, userIds } = context;
  const request = parseRollupRequest(raw, { preset, project, userIds, now_ms });
  const scope: CountingScope = { database, project, ...request.window, now_ms, calls_days };
  return withCounting(warehouse, scope, signal, (counting) =>
    answer(reply, plan(request, scope, counting), warehouse, signal),
  );
}

async function answer(
  reply: FastifyReply,
  asked: Asked,
  warehouse: Warehouse,
  signal: AbortSignal,
): Promise<unknown> {
  const { request, query, about } = asked;
  const { format, interval } = request;
  if (format === 'parquet' || format === 'arrow') {
    return answerEncoded(reply, asked, format, warehouse, signal);
  }
  const { sql, params } = rollupStatement({ ...query, limit: query.limit + 1 });
  const found = await warehouse.query<Row>(sql, { params, signal });
  const truncated = found.rows.length > query.limit;
  const rows = found.rows.slice(0, query.limit);
  describe(reply, format, about, truncated);
  const { group_by, metrics } = query;
  if (format === 'csv') return toCsv([...(interval ? ['time'] : []), ...group_by, ...metrics], rows);
  if (format === 'jsonl') return toJsonLines(rows);
  const { from, to, quantiles, as_of } = about;
  const hint = truncated ? { hint: howToSeeMore(request, about, rows.at(-1)!) } : {};
  return { from, to, interval, group_by, metrics, quantiles, as_of, truncated, ...hint, rows };
}
