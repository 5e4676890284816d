/**
 * What may be kept of an answer. A window that ended an hour ago changes seldom (late spans, new prices), so its answer
 * may be kept for a minute and is then asked for by its tag; so may what is frozen, which only goes when it is removed.
 * Everything else is not kept at all.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route answers of one name stays as it is, whenever its window ended. */
    frozen?: true;
  }
}

const CLOSED_AFTER_MS = 3_600_000;
const MAX_AGE_S = 60;
/** Answers with one window begin so; comparisons, and other forms than JSON, tell it in a header. */
const WINDOW_OF_BODY = /^\{"from":"[^"]+","to":"([^"]+)"/;
/** When an answer was made is no part of what it says. A quote within a text would be escaped. */
const AS_OF = /"as_of":"[^"]*",?/;

function endOf(reply: FastifyReply, body: string | Buffer): number {
  const header = reply.getHeader('x-plumbline-to');
  const end = header ?? (typeof body === 'string' ? WINDOW_OF_BODY.exec(body.slice(0, 200))?.[1] : undefined);
  return end === undefined ? Number.POSITIVE_INFINITY : Date.parse(String(end));
}

export function tagOf(body: string | Buffer): string {
  const said = typeof body === 'string' ? body.replace(AS_OF, '') : body;
  return `W/"${createHash('sha256').update(said).digest('base64url').slice(0, 22)}"`;
}

function isKnown(request: FastifyRequest, tag: string): boolean {
  const known = request.headers['if-none-match'];
  const bare = (text: string): string => text.trim().replace(/^W\//, '');
  return (
    known !== undefined && (known.trim() === '*' || known.split(',').some((one) => bare(one) === bare(tag)))
  );
}

/** Call it before any route is added. */
export function registerCaching(app: FastifyInstance, now: () => number): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (request.method !== 'GET' || reply.statusCode !== 200 || !isText) return payload;
    const isFrozen = request.routeOptions.config.frozen === true;
    if (!isFrozen && endOf(reply, payload) > now() - CLOSED_AFTER_MS) return payload;
    const etag = tagOf(payload);
    reply.headers({
      etag,
      'cache-control': `private, max-age=${MAX_AGE_S}`,
      vary: 'authorization, x-api-key',
    });
    if (!isKnown(request, etag)) return payload;
    reply.code(304).removeHeader('content-type');
    return '';
  });
}
