/** Comparisons that are kept under a name: they answer the same after their calls have expired. */
import type { Filter } from '../../schemas/queries/filters.ts';
import type { Project } from '../../schemas/queries/project.ts';
import {
  type FrozenRow,
  oneSnapshotStatement,
  type SnapshotRow,
  snapshotsStatement,
} from '../../schemas/queries/snapshots.ts';
import { invalidField, objectOf, textOf } from '../gates/body-fields.ts';
import type { UserIds } from '../parameters/filters.ts';
import { integerOf, type RawQuery, refuseUnknown, singleOf } from '../parameters/query-string.ts';
import { Problem } from '../problems.ts';
import type { Ask, RouteContext } from '../routes/context.ts';
import { type CompareAnswer, compare } from './compare.ts';
import { type CompareRequest, parseCompareRequest } from './compare-request.ts';
import { claimName, remove, taken } from './snapshot-names.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const NAME_FORM =
  'letters, digits, dots, hyphens and underscores; at most 100 of them, the first a letter or digit';
const MOST_QUERY = 4_000;
const QUERY_FORMS = ['parameters of /v1/compare as a query string', 'an object of them'];
const DEFAULT_LIMIT = 100;
const MOST_ROWS = 1_000;

/** What would keep a person recognisable after their calls are gone, and after their erasure. */
const PERSONAL = ['user_id', 'conversation_id'];

const iso = (ms: number): string => new Date(ms).toISOString();

export interface SnapshotHead {
  name: string;
  created_at: string;
  /** Parameters of the comparison, as a query string. */
  query: string;
}

export interface Snapshot extends SnapshotHead {
  answer: CompareAnswer;
}

const headOf = ({ name, created_ms, query }: SnapshotRow): SnapshotHead => ({
  name,
  created_at: iso(created_ms),
  query,
});

/** A query string, or its parameters as an object; `text` is the one that is kept. */
function queryIn(value: unknown): { raw: RawQuery; text: string } {
  const pairs: [string, string][] = [];
  if (typeof value === 'string') {
    pairs.push(...new URLSearchParams(textOf(value, 'query', MOST_QUERY).replace(/^[^?]*\?/, '')));
  } else {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalidField('query', value, QUERY_FORMS);
    for (const [name, given] of Object.entries(value)) {
      const list = Array.isArray(given) ? given : [given];
      if (!list.every((item) => typeof item === 'string' || typeof item === 'number')) {
        throw invalidField(`query.${name}`, given, ['a text', 'a list of texts']);
      }
      pairs.push(...list.map((item) => [name, String(item)] as [string, string]));
    }
  }
  const text = new URLSearchParams(pairs).toString();
  if (text.length > MOST_QUERY) throw invalidField('query', text, [`at most ${MOST_QUERY} characters`]);
  const raw: Record<string, string[]> = Object.create(null);
  for (const [name, item] of pairs) raw[name] = [...(raw[name] ?? []), item];
  return { raw, text };
}

function refusePersonal(filters: readonly Filter[]): void {
  const personal = filters.find(({ dimension }) => PERSONAL.includes(dimension));
  if (!personal) return;
  throw new Problem('invalid-body', {
    detail: `A snapshot outlasts erasure, so it cannot be about one '${personal.dimension}'.`,
    parameter: `query.${personal.dimension}`,
    received: '(an id)',
    allowed: ['comparisons of groups'],
  });
}

interface Wanted {
  name: string;
  query: string;
  request: CompareRequest;
}

function parseSnapshot(
  body: unknown,
  context: { project: Project; userIds: UserIds; now_ms: number },
): Wanted {
  const fields = objectOf(body, 'body', ['name', 'query']);
  const name = typeof fields.name === 'string' ? fields.name : '';
  if (!NAME.test(name)) throw invalidField('name', fields.name, [NAME_FORM]);
  const { raw, text } = queryIn(fields.query);
  const request = parseCompareRequest(raw, context);
  if (request.format !== 'json') throw invalidField('query.format', request.format, ['json']);
  refusePersonal([...request.filters, ...request.arms.flatMap(({ selector }) => selector)]);
  return { name, query: text, request };
}

/** Makes the comparison and keeps it. Throws Problem or what the statements throw. */
export type Freeze = (body: unknown, project: Project, ask: Ask) => Promise<Snapshot>;

const NOT_WRITING =
  'This query API cannot keep or remove snapshots: set CLICKHOUSE_API_USER and CLICKHOUSE_API_PASSWORD for it.';

export function createFreeze(context: RouteContext): Freeze {
  const { writer, database, userIds } = context;
  /** Names that are being given: of two that ask this process at once the later need not make its comparison. */
  const underWay = new Set<string>();

  return async (body, project, ask) => {
    if (writer === undefined) {
      throw new Problem('not-writing', { detail: NOT_WRITING });
    }
    const now_ms = context.now();
    const { name, query, request } = parseSnapshot(body, { project, userIds, now_ms });
    const place = JSON.stringify([project, name]);
    if (underWay.has(place)) throw taken(name);
    underWay.add(place);
    try {
      const stored = await ask<FrozenRow>(oneSnapshotStatement({ database, project }, name));
      if (stored.length > 0) throw taken(name);
      const answer = await compare(request, project, context, now_ms, ask);
      const frozen = { name, created_ms: now_ms, query, answer: JSON.stringify(answer) };
      await claimName(writer, { database, project }, frozen, ask);
      return { ...headOf(frozen), answer };
    } finally {
      underWay.delete(place);
    }
  };
}

const noSuch = (name: string): Problem =>
  new Problem('no-such-snapshot', {
    detail: `There is no snapshot '${name.slice(0, 100)}': GET /v1/snapshots lists those that there are.`,
    received: name,
  });

/** Throws Problem where there is none of the name. */
export async function readSnapshot(
  name: string,
  project: Project,
  { database }: Pick<RouteContext, 'database'>,
  ask: Ask,
): Promise<Snapshot> {
  const [row] = await ask<FrozenRow>(oneSnapshotStatement({ database, project }, name));
  if (!row) throw noSuch(name);
  return { ...headOf(row), answer: JSON.parse(row.answer) as CompareAnswer };
}

/** Gives what was removed; its name is free again. Throws Problem or what the statements throw. */
export async function removeSnapshot(
  name: string,
  project: Project,
  { database, writer }: Pick<RouteContext, 'database' | 'writer'>,
  ask: Ask,
): Promise<SnapshotHead> {
  if (writer === undefined) throw new Problem('not-writing', { detail: NOT_WRITING });
  const [row] = await ask<FrozenRow>(oneSnapshotStatement({ database, project }, name));
  if (!row) throw noSuch(name);
  await remove(writer, { database, project }, name);
  return headOf(row);
}

const CURSOR = /^[A-Za-z0-9_-]{1,140}$/;

function nameOfCursor(cursor: string): string {
  const name = CURSOR.test(cursor) ? Buffer.from(cursor, 'base64url').toString() : '';
  if (NAME.test(name)) return name;
  throw new Problem('invalid-parameter', {
    detail: "'cursor' is not one of ours.",
    parameter: 'cursor',
    received: cursor,
    allowed: ['the `next_cursor` of an answer'],
  });
}

/** A page of the list, by name. Throws Problem. */
export async function listSnapshots(
  raw: RawQuery,
  project: Project,
  { database }: Pick<RouteContext, 'database'>,
  ask: Ask,
): Promise<{ items: SnapshotHead[]; next_cursor: string | null }> {
  refuseUnknown(raw, ['limit', 'cursor']);
  const limit = integerOf(raw, 'limit', 1, MOST_ROWS) ?? DEFAULT_LIMIT;
  const cursor = singleOf(raw, 'cursor');
  const after = cursor === undefined ? '' : nameOfCursor(cursor);
  const rows = await ask<SnapshotRow>(snapshotsStatement({ database, project }, after, limit + 1));
  const items = rows.slice(0, limit).map(headOf);
  const last = items.at(-1);
  const next_cursor = rows.length > limit && last ? Buffer.from(last.name).toString('base64url') : null;
  return { items, next_cursor };
}
