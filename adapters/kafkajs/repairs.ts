/**
 * Repairs of three faults in kafkajs 2.2.4, which is no longer maintained and pinned to this version. Each is
 * narrow: a method is wrapped, nothing is replaced. To be imported before the first client is made.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}

interface Connection {
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect(): Promise<boolean>;
}

type Class<T> = { prototype: T };

/**
 * An idle connection arms a timer of 1 ms for ever (measured: 3,600 timers a second and 4 % of a core with nothing
 * to do), and Node warns of a negative timeout. The timer is needed only while requests wait in the queue.
 */
function stopIdleTimers({ prototype }: Class<RequestQueue>): void {
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) schedule.call(this);
  };
}

/**
 * Requests that meet a broken connection together each open a socket, of which all but one are lost and later break
 * the connection that works: they should wait for one. And a response cut off by the break would be taken for the
 * beginning of the next connection's first response.
 */
function connectOnceAndClean({ prototype }: Class<Connection>): void {
  const INT_32_BYTES = 4;
  const connecting = new WeakMap<Connection, Promise<boolean>>();
  const connect = prototype.connect;
  prototype.connect = function () {
    const current = connecting.get(this);
    if (current) return current;
    if (!this.isConnected()) Object.assign(this, { chunks: [], bytesBuffered: 0, bytesNeeded: INT_32_BYTES });
    const attempt = connect.call(this).finally(() => connecting.delete(this));
    connecting.set(this, attempt);
    return attempt;
  };
}

stopIdleTimers(require('kafkajs/src/network/requestQueue') as Class<RequestQueue>);
connectOnceAndClean(require('kafkajs/src/network/connection') as Class<Connection>);
