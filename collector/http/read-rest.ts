/**
 * A sender that is refused while it still sends may never read why: most write their whole body before they look for
 * an answer, and meet a closed connection instead. So what is left of a refused body is read and thrown away, bounded.
 */
import type { IncomingMessage } from 'node:http';

const READ_MAX_BYTES = 256 * 1024 * 1024;
const READ_MAX_MS = 5_000;

/** Resolves when the body has ended, or when it has taken too long or too much. Never rejects. */
export function readRest(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  let read = 0;
  const timer = setTimeout(resolve, READ_MAX_MS);
  request.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > READ_MAX_BYTES) resolve();
  });
  for (const event of ['end', 'close', 'error']) request.once(event, () => resolve());
  request.resume();
  return promise.finally(() => clearTimeout(timer));
}
