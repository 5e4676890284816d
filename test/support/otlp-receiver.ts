/** A minimal OTLP/HTTP receiver for JSON on loopback: what an exporter really sends, over a real socket. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  name: string;
  kind: number;
  attributes: { key: string; value: Record<string, unknown> }[];
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** Paths that were posted to, in order. */
  paths: string[];
  spans: ReceivedSpan[];
  /** Attributes of the resource that was posted last. */
  resource: ReceivedSpan['attributes'];
  /** Resolves when something has been posted to the path and answered. */
  posted(path: string): Promise<void>;
  close(): Promise<void>;
}

interface TraceRequest {
  resourceSpans?: {
    resource: { attributes: ReceivedSpan['attributes'] };
    scopeSpans: { spans: ReceivedSpan[] }[];
  }[];
}

/** Starts a receiver that answers each post with `status` after `delay_ms`; 200 at once by default. */
export async function startOtlpReceiver({ status = 200, delay_ms = 0 } = {}): Promise<OtlpReceiver> {
  const server = createServer(async (request, response) => {
    const body = (await json(request)) as TraceRequest;
    receiver.paths.push(request.url ?? '');
    for (const { resource, scopeSpans } of body.resourceSpans ?? []) {
      receiver.resource = resource.attributes;
      receiver.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
    }
    if (delay_ms > 0) await new Promise((resolve) => setTimeout(resolve, delay_ms).unref());
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}', () => {
      server.emit(`posted ${request.url}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths: [],
    spans: [],
    resource: [],
    async posted(path) {
      await once(server, `posted ${path}`);
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return receiver;
}
