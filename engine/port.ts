import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that can be listened on now.
 * @param port the wanted one, or 0 for any
 * @throws the system's error (EADDRINUSE, EACCES) when the wanted one cannot be had
 */
export async function probePort(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: found } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return found;
}
