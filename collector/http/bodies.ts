/**
 * Bodies of requests, in memory that is used again. Memory outside the JavaScript heap has a price that shows late:
 * when enough of it has been asked for, a full garbage collection follows, which at full load took an eighth of the CPU.
 */
import type { IncomingMessage } from 'node:http';
import { BodyTooLargeError } from './errors.ts';

/** Enough for the requests that are decoded at a time, which is one, and those that arrive meanwhile. */
const KEPT_MAX = 8;
const KEPT_MAX_BYTES = 4 * 1024 * 1024;
const ROOM_MIN_BYTES = 64 * 1024;
/** What a request announces is believed so far; beyond, room is made as its bytes come. */
const BELIEVED_MAX_BYTES = 1024 * 1024;

export interface Bodies {
  /** Rejects with BodyTooLargeError, or with the error of a request that broke off. */
  read(request: IncomingMessage): Promise<Buffer>;
  /** The memory may be used again: nobody may look at the body, or at a part of it, from now on. */
  giveBack(body: Buffer): void;
}

export function createBodies(max_bytes: number): Bodies {
  const kept: ArrayBuffer[] = [];

  function room(bytes: number): ArrayBuffer {
    const at = kept.findIndex(({ byteLength }) => byteLength >= bytes);
    if (at >= 0) return kept.splice(at, 1)[0]!;
    // Somewhat larger than asked for, since the next body is rarely of the same size.
    return new ArrayBuffer(Math.max(ROOM_MIN_BYTES, 2 ** Math.ceil(Math.log2(bytes || 1))));
  }

  return {
    read(request) {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      const announced = Number(request.headers['content-length'] ?? 0);
      if (announced > max_bytes) return Promise.reject(new BodyTooLargeError(max_bytes));
      let body = Buffer.from(room(Math.min(announced, BELIEVED_MAX_BYTES)));
      let length = 0;
      const onData = (chunk: Buffer): void => {
        const needed = length + chunk.length;
        if (needed > max_bytes) {
          request.off('data', onData);
          reject(new BodyTooLargeError(max_bytes));
          return;
        }
        if (needed > body.length) {
          const larger = Buffer.from(room(needed));
          body.copy(larger, 0, 0, length);
          body = larger;
        }
        chunk.copy(body, length);
        length = needed;
      };
      request.on('data', onData);
      request.once('end', () => resolve(body.subarray(0, length)));
      request.once('error', reject);
      return promise;
    },
    giveBack({ buffer }) {
      const { byteLength } = buffer;
      // A request without a body brings memory that no other fits in: it would take a place for ever.
      const isWorth = byteLength >= ROOM_MIN_BYTES && byteLength <= KEPT_MAX_BYTES;
      if (isWorth && kept.length < KEPT_MAX) kept.push(buffer as ArrayBuffer);
    },
  };
}
