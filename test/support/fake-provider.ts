/**
 * A model provider on loopback that speaks OpenAI's and Anthropic's protocols and misbehaves on demand,
 * so that tests meet real sockets, real streams and real error bodies. By hand:
 * `node test/support/fake-provider.ts --port 9999`.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { message, messageEvents } from './fake-provider/anthropic.ts';
import { type Behaviour, behaviourOf } from './fake-provider/behaviour.ts';
import { errorBody } from './fake-provider/errors.ts';
import {
  type ChatRequest,
  chatCompletion,
  chatEvents,
  embeddings,
  type StreamEvent,
} from './fake-provider/openai.ts';
import { response, responseEvents } from './fake-provider/openai-responses.ts';

export interface SeenRequest {
  path: string;
  headers: IncomingHttpHeaders;
  body: ChatRequest & Record<string, unknown>;
  /** Status of the answer. */
  status: number;
  /** True when the client hung up before the answer was complete. */
  aborted: boolean;
}

export interface FakeProvider {
  /** `http://127.0.0.1:port`, without a path. */
  url: string;
  /** Every request seen, in order. */
  requests: SeenRequest[];
  close(): Promise<void>;
}

interface Route {
  protocol: 'openai' | 'anthropic';
  answer(request: ChatRequest, behaviour: Behaviour, id: string): unknown;
  events?(request: ChatRequest, behaviour: Behaviour, id: string): Iterable<StreamEvent>;
}

const ROUTES: Record<string, Route> = {
  '/v1/chat/completions': { protocol: 'openai', answer: chatCompletion, events: chatEvents },
  '/v1/responses': { protocol: 'openai', answer: response, events: responseEvents },
  '/v1/embeddings': { protocol: 'openai', answer: embeddings },
  '/v1/messages': { protocol: 'anthropic', answer: message, events: messageEvents },
};

/** Starts the provider; `port` 0 picks a free one. Close it, or the process does not end. */
export async function startFakeProvider(port = 0): Promise<FakeProvider> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    answer(request, response, requests).catch((error: Error) => response.destroy(error));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  seen: SeenRequest[],
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  const route = ROUTES[path];
  if (request.method !== 'POST' || !route) {
    return reply(response, 404, {
      error: { message: `No ${request.method} ${path}`, type: 'invalid_request_error' },
    });
  }
  const body = (await json(request)) as SeenRequest['body'];
  const entry: SeenRequest = { path, headers: request.headers, body, status: 200, aborted: false };
  seen.push(entry);
  const hungUp = new AbortController();
  response.on('close', () => {
    entry.aborted = !response.writableFinished;
    hungUp.abort();
  });
  const behaviour = behaviourOf(request.headers['x-fake'], body.model);
  const id = `${route.protocol === 'openai' ? 'chatcmpl' : 'msg'}-fake-${seen.length}`;
  await pause(behaviour.delay_ms, hungUp.signal);
  const asBefore = seen.filter(({ headers }) => headers['x-fake'] === request.headers['x-fake']).length;
  entry.status =
    behaviour.fail_first !== undefined && asBefore > behaviour.fail_first ? 200 : behaviour.status;
  if (entry.status !== 200) return reply(response, entry.status, errorBody(route.protocol, entry.status));
  if (!body.stream || !route.events) return reply(response, 200, route.answer(body, behaviour, id));
  await stream(response, route.events(body, behaviour, id), behaviour, hungUp.signal);
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-request-id': 'req_fake',
    // Clients that try again need not wait in a test.
    ...(status === 200 ? {} : { 'retry-after-ms': '1' }),
  });
  response.end(JSON.stringify(body));
}

async function stream(
  response: ServerResponse,
  events: Iterable<StreamEvent>,
  behaviour: Behaviour,
  hungUp: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_fake' });
  response.flushHeaders();
  let sent = 0;
  for (const { event, data, content } of events) {
    if (content) await pause(behaviour.chunk_delay_ms, hungUp);
    if (hungUp.aborted) return;
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    response.write(`${event ? `event: ${event}\n` : ''}data: ${text}\n\n`);
    if (content) sent += 1;
    if (content && sent === behaviour.end_after) break;
    if (content && sent === behaviour.cut_after) {
      // Let what was written leave before the connection breaks.
      await pause(20, hungUp);
      response.destroy();
      return;
    }
  }
  response.end();
}

/** Waits, but no longer than the client does. */
async function pause(duration_ms: number, hungUp: AbortSignal): Promise<void> {
  if (duration_ms > 0) await sleep(duration_ms, undefined, { signal: hungUp }).catch(() => undefined);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
  const { url } = await startFakeProvider(Number(values.port));
  console.log(`Fake provider at ${url}/v1: chat/completions, responses, embeddings, messages`);
}
