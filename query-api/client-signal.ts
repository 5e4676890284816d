import type { FastifyReply } from 'fastify';

/** Aborted when the client leaves before it has its answer, so that the database need not finish for nobody. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
