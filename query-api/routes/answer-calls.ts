/** /v1/calls: parse, find a page, answer in the wanted form. */
import type { FastifyReply } from 'fastify';
import { listedCallsStatement } from '../../schemas/queries/listed-calls.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { CONTENT_TYPES, ENGINE_FORMATS, type Format, type Row, toCsv, toJsonLines } from '../formats.ts';
import { type CallSearchRequest, parseCallSearch } from '../parameters/call-search.ts';
import type { RawQuery } from '../parameters/query-string.ts';
import { type CallsPage, type ListedItem, pageOfCalls } from './calls.ts';
import { askFor, encoded, type RouteContext } from './context.ts';
import { keyOf } from './counted-spans.ts';

const columnsOf = ({ fields, conditions }: CallSearchRequest): string[] => [
  ...fields.flatMap((field) => (field === 'payload' ? ['payload_state', 'payload_expires_at'] : [field])),
  ...(conditions.score ? ['score'] : []),
];

/** A call as one line of values: lists as JSON. */
function flatCall({ payload, ...call }: ListedItem): Row {
  const flat = (value: unknown): string | number | null =>
    value === null || typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
  return {
    ...Object.fromEntries(Object.entries(call).map(([name, value]) => [name, flat(value)])),
    ...(payload && { payload_state: payload.state, payload_expires_at: payload.expires_at }),
  };
}

/** Where the next page is, in the way of the web, whatever the form of this one. */
function linkTo(next_cursor: string, raw: RawQuery): string {
  const parameters = Object.entries(raw).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  const rest = parameters.filter(([name]) => name !== 'cursor');
  return `</v1/calls?${new URLSearchParams([...rest, ['cursor', next_cursor]])}>; rel="next"`;
}

function describe(
  reply: FastifyReply,
  { window, next_cursor }: CallsPage,
  format: Format,
  raw: RawQuery,
): void {
  reply.type(CONTENT_TYPES[format]);
  if (next_cursor !== null) reply.header('link', linkTo(next_cursor, raw));
  if (format === 'json') return;
  reply.header('x-plumbline-from', new Date(window.from_ms).toISOString());
  reply.header('x-plumbline-to', new Date(window.to_ms).toISOString());
  if (next_cursor !== null) reply.header('x-plumbline-next-cursor', next_cursor);
}

/** The body of the answer; its type and headers are set on the reply. Rejects with Problem or WarehouseError. */
export async function answerCalls(
  reply: FastifyReply,
  raw: RawQuery,
  project: Project,
  context: RouteContext,
): Promise<unknown> {
  const now_ms = context.now();
  const { userIds, keyedHash, database, retention } = context;
  const { calls_days } = retention;
  const request = parseCallSearch(raw, { project, userIds, keyedHash, now_ms, calls_days });
  const page = await pageOfCalls(request, now_ms, project, context, askFor(reply, context));
  const { window, items, next_cursor } = page;
  const { format } = request;
  describe(reply, page, format, raw);
  switch (format) {
    case 'json': {
      const [from, to] = [window.from_ms, window.to_ms].map((ms) => new Date(ms).toISOString());
      return { from, to, items, next_cursor };
    }
    case 'jsonl':
      return toJsonLines(items);
    case 'csv':
      return toCsv(columnsOf(request), items.map(flatCall));
    default: {
      const listed = items.map((item) => ({
        ...keyOf(item),
        payload_state: item.payload?.state ?? '',
        payload_expires_at: item.payload?.expires_at ?? '',
        score: item.score ?? 0,
      }));
      const fields = request.fields.filter((field) => field !== 'payload');
      const beside = {
        payload: fields.length < request.fields.length,
        score: request.conditions.score !== undefined,
      };
      const statement = listedCallsStatement({ database, project }, listed, fields, beside);
      return encoded(statement, ENGINE_FORMATS[format], context, reply);
    }
  }
}
