/** A query API whose statements are seen: tests make something happen between two of them. */
import type { FastifyInstance } from 'fastify';
import { createQueryApi } from '../../../query-api/server.ts';
import { createKeyRing } from '../../../schemas/identity/key-ring.ts';
import { BlockBuilder } from '../../../schemas/native/block-builder.ts';
import { type CallRow, calls } from '../../../schemas/record/calls.ts';
import { type Harness, KEYED_HASH, KEYS, RETENTION } from './harness.ts';

export interface Watched {
  app: FastifyInstance;
  /** Statements so far. */
  asked: string[];
  /** Happens once, after the first statement that the pattern is in. */
  meanwhile: { after: RegExp; what: () => Promise<void> } | undefined;
  /** A statement that the pattern is in waits for that. */
  held: { statement: RegExp; until: Promise<void> } | undefined;
}

/** Beside the API of the harness, on the same database; to be closed before it. */
export async function startWatched({ reader, engine }: Harness): Promise<Watched> {
  const app = await createQueryApi({
    warehouse: {
      ...reader,
      async query(sql, options) {
        watched.asked.push(sql);
        if (watched.held?.statement.test(sql)) await watched.held.until;
        const answer = await reader.query(sql, options);
        const now = watched.meanwhile?.after.test(sql) ? watched.meanwhile : undefined;
        if (now) watched.meanwhile = undefined;
        await now?.what();
        return answer as never;
      },
    },
    database: engine.database,
    keyRing: createKeyRing(KEYS),
    keyedHash: KEYED_HASH,
    user_ids: 'raw',
    retention: RETENTION,
    version: '0.0.0-test',
  });
  const watched: Watched = { app, asked: [], meanwhile: undefined, held: undefined };
  return watched;
}

/** Calls whose repeats nobody has looked for. */
export async function insertUnexamined({ writer }: Harness, rows: readonly CallRow[]): Promise<void> {
  const block = new BlockBuilder(calls);
  for (const row of rows) block.append(row);
  await writer.insert(await block.finish());
}
