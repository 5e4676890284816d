import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { answerClientError } from '../../query-api/client-errors.ts';

test('a request that does not arrive in time is told so, and its connection ends', async (t) => {
  const server = createServer({ headersTimeout: 50, connectionsCheckingInterval: 20 });
  server.on('clientError', (error, socket) => answerClientError(error, socket as Socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET /v1/rollups HTTP/1.1\r\n');
  const [head, body] = (await text(socket)).split('\r\n\r\n');
  assert.match(head!, /^HTTP\/1.1 408 Request Timeout\r\n/);
  assert.equal(JSON.parse(body!).type, '/problems/request-timeout');
});
