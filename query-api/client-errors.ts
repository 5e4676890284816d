/** What is no request of HTTP is answered with a problem as well: fastify and its handlers never come to see it. */
import { maxHeaderSize, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Problem, problemBody, problems } from './problems.ts';

function problemOf(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Problem('headers-too-large', {
      detail: `The request line and the headers may have ${maxHeaderSize} bytes together: ask with fewer filters.`,
      allowed: [`at most ${maxHeaderSize} bytes`],
    });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('request-timeout', { detail: 'The request did not arrive in time: send it again.' });
  }
  return new Problem('bad-request', { detail: 'This is not HTTP/1.1 as it can be read here.' });
}

/** For `clientError` of a server; ends the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const problem = problemOf(error.code);
    const { status } = problems[problem.type];
    const body = JSON.stringify(problemBody(problem));
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/problem+json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'cache-control: no-store',
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}
