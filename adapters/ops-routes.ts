/** What every server of ours answers to whoever operates it: /healthz, /readyz, /metrics. None needs a key. */
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

export interface OpsOptions {
  registry: Registry;
  /** Rejects with the reason when the process cannot do its work. */
  ready: () => Promise<void>;
}

/** A dependency that hangs must not hang the probe. */
const READY_TIMEOUT_MS = 2_000;

async function readiness(ready: () => Promise<void>): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`no answer within ${READY_TIMEOUT_MS} ms`), READY_TIMEOUT_MS);
  try {
    return await Promise.race([ready().then(() => undefined), promise]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

export function registerOpsRoutes(app: FastifyInstance, { registry, ready }: OpsOptions): void {
  app.get('/healthz', { schema: { hide: true } as object }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } as object }, async (_request, reply) => {
    const reason = await readiness(ready);
    return reason === undefined
      ? { status: 'ready' }
      : reply.code(503).header('retry-after', '1').send({ status: 'not ready', reason });
  });
  app.get('/metrics', { schema: { hide: true } as object }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
