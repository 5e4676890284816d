import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const KEEP_ALIVE_MS = 60_000;

/** The sockets of one kafkajs client, so that they can be ended: kafkajs itself keeps a mute connection for ever. */
export interface Sockets {
  factory: ISocketFactory;
  /**
   * Ends connections that have said nothing for `silence_ms`. What waits in their buffers is freed, its requests
   * reject, and the next request connects anew.
   */
  endSilent(silence_ms: number): void;
  /** Ends all connections and lets none begin, whatever retries are still under way. */
  close(): void;
  isClosed(): boolean;
}

/** Keeps account of a client's connections, to end those that a mute broker leaves hanging. */
export function createSockets(): Sockets {
  const open = new Map<Socket, { heard_at_ms: number }>();
  let closed = false;

  // kafkajs learns of a broken connection from its error event alone, so every end needs an error.
  const end = (socket: Socket, reason: string) => socket.destroy(new Error(reason));

  return {
    factory: ({ host, port, ssl, onConnect }) => {
      const address = { host, port };
      const socket = ssl
        ? connectTls({ ...address, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
        : connect(address, onConnect);
      const state = { heard_at_ms: Date.now() };
      open.set(socket, state);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.on('data', () => {
        state.heard_at_ms = Date.now();
      });
      socket.once('close', () => open.delete(socket));
      if (closed) process.nextTick(end, socket, 'client closed');
      return socket;
    },
    endSilent(silence_ms) {
      for (const [socket, { heard_at_ms }] of open) {
        if (Date.now() - heard_at_ms >= silence_ms) end(socket, `no answer for ${silence_ms} ms`);
      }
    },
    close() {
      closed = true;
      for (const socket of open.keys()) end(socket, 'client closed');
    },
    isClosed: () => closed,
  };
}
