/** What the routes are given, and the few steps that all of them take. */
import { buffer } from 'node:stream/consumers';
import type { FastifyReply } from 'fastify';
import type { KeyRing } from '../../schemas/identity/key-ring.ts';
import type { KeyedHash } from '../../schemas/identity/keyed-hash.ts';
import type { Counting, CountingScope } from '../../schemas/queries/counting.ts';
import type { Statement } from '../../schemas/queries/statement.ts';
import { withCounting } from '../../schemas/queries/with-counting.ts';
import type { Warehouse } from '../../schemas/seams.ts';
import type { Retention } from '../../schemas/tables/ddl.ts';
import { clientSignal } from '../client-signal.ts';
import type { UserIds } from '../parameters/filters.ts';

export interface RouteContext {
  /** Connected as the user that may only read. */
  warehouse: Warehouse;
  /** Connected as the user that writes; absent where nothing can be stored. */
  writer: Warehouse | undefined;
  database: string;
  keyRing: KeyRing;
  keyedHash: KeyedHash | undefined;
  userIds: UserIds;
  retention: Retention;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Asks the database on behalf of one request, which takes its queries along when it goes. */
export interface Ask {
  <Row>(statement: Statement): Promise<Row[]>;
  /**
   * Asks what counts in the scope first, hands it over, and both again where calls have come in between. With `hours`
   * only those of the window matter.
   */
  counted<T>(
    scope: CountingScope,
    use: (counting: Counting) => Promise<T>,
    hours?: readonly number[],
  ): Promise<T>;
}

export function askFor(reply: FastifyReply, { warehouse }: RouteContext): Ask {
  const signal = clientSignal(reply);
  const ask = async <Row>({ sql, params }: Statement) =>
    (await warehouse.query<Row>(sql, { params, signal })).rows;
  const counted: Ask['counted'] = (scope, use, hours) => withCounting(warehouse, scope, signal, use, hours);
  return Object.assign(ask, { counted });
}

/** What the statement answers, as the database writes it in one of its formats. */
export async function encoded(
  { sql, params }: Statement,
  format: string,
  { warehouse }: RouteContext,
  reply: FastifyReply,
): Promise<Buffer> {
  return buffer(await warehouse.stream(sql, format, { params, signal: clientSignal(reply) }));
}
