/** What the adapter makes of servers that break off or do not answer: a rejection, and never the end of the process. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClickhouseWarehouse } from '../../adapters/clickhouse-warehouse.ts';
import { type CallBlock, PermanentError, WarehouseError } from '../../schemas/seams.ts';

/** A frame of so many bytes for readers to skip: whole, and nothing in it. */
function skippable(bytes: number): Buffer {
  const frame = Buffer.alloc(bytes);
  frame.writeUInt32LE(0x184d2a50, 0);
  frame.writeUInt32LE(bytes - 8, 4);
  return frame;
}

const block: CallBlock = {
  table: 'calls',
  rows: 1,
  record_version: 1,
  from_ms: 0,
  to_ms: 0,
  body: skippable(16 * 1024 * 1024),
};

async function withServer(
  onConnection: (socket: Socket) => void,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    // An error that nobody listens to would come now, and fail the test.
    await sleep(200);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const connect = (url: string, request_timeout_ms = 5_000) =>
  createClickhouseWarehouse({ url, username: 'u', password: 'p', database: 'plumbline', request_timeout_ms });

const unanswered = (error: unknown): boolean => error instanceof WarehouseError && error.code === undefined;

test('a server that breaks off in the middle of an insert is a rejection', () =>
  withServer(
    (socket) => socket.once('data', () => socket.destroy()),
    async (url) => {
      const warehouse = connect(url);
      for (let i = 0; i < 5; i++) await assert.rejects(warehouse.insert(block), unanswered);
      await warehouse.close();
    },
  ));

test('a server that ends its side before it has read the body is a rejection', () =>
  withServer(
    (socket) => socket.once('data', () => socket.end()),
    async (url) => {
      const warehouse = connect(url);
      for (let i = 0; i < 5; i++) await assert.rejects(warehouse.insert(block), unanswered);
      await warehouse.close();
    },
  ));

test('a server that takes everything and answers nothing is a rejection when the time is up', () =>
  withServer(
    (socket) => socket.resume(),
    async (url) => {
      const warehouse = connect(url, 200);
      await assert.rejects(warehouse.insert({ ...block, body: skippable(100) }), unanswered);
      await assert.rejects(warehouse.query('SELECT 1'), unanswered);
      await assert.rejects(warehouse.ping(), unanswered);
      await warehouse.close();
    },
  ));

test('a body that was cut is refused for good, before it is sent', async () => {
  const warehouse = connect('http://127.0.0.1:1');
  for (const body of [block.body.subarray(0, -1), Buffer.alloc(100), Buffer.alloc(0)]) {
    await assert.rejects(warehouse.insert({ ...block, body }), PermanentError);
  }
  await warehouse.close();
});
