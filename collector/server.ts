/** OTLP/HTTP in: bytes → spans → rows → blocks → durable → 200. */
import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { type KeyRing, keyOfHeaders } from '../schemas/identity/key-ring.ts';
import type { KeyedHash } from '../schemas/identity/keyed-hash.ts';
import type { Log } from '../schemas/log.ts';
import { OWN_PROJECT } from '../schemas/queries/project.ts';
import { type Sink, UnavailableError } from '../schemas/seams.ts';
import type { Settings } from '../schemas/settings/definitions.ts';
import { type BlockWriter, createBlockWriter, type GroupingOptions } from './block-writer.ts';
import { dialects } from './dialects/index.ts';
import { createHeartbeatSpan } from './heartbeat.ts';
import { createBodies } from './http/bodies.ts';
import { decompress } from './http/decompress.ts';
import { type Encoding, encodingOf, json } from './http/encodings.ts';
import { BodyTooLargeError, KeyError, UnsupportedTypeError } from './http/errors.ts';
import { type Failure, failureOf } from './http/failure.ts';
import { readRest } from './http/read-rest.ts';
import { Ledger } from './ledger.ts';
import type { NormaliseContext } from './normalise/call-row.ts';
import { CompiledDialects } from './normalise/compile.ts';
import type { Redact } from './normalise/content.ts';
import { Gathered } from './normalise/gather.ts';
import type { OtlpSignal } from './otlp/encode-reply.ts';
import type { Pricer } from './price/pricer.ts';
import type { SliceThresholds } from './slices/slices.ts';
import { rejectionMessage, type TakenIn, takeInEach, takeInLogs, takeInSpans } from './take-in.ts';

export interface CollectorOptions {
  sink: Sink;
  grouping: GroupingOptions;
  keyRing: KeyRing;
  keyedHash: KeyedHash;
  redact: Redact;
  price: Pricer;
  user_ids: Settings['user_ids'];
  slices: SliceThresholds;
  otlp_max_bytes: number;
  retention_calls_days: number;
  registry: Registry;
  log: Log;
  /** Milliseconds since 1970; the clock that accepts spans and makes versions. */
  now_ms?: () => number;
}

export interface Collector {
  app: FastifyInstance;
  ledger: Ledger;
  /**
   * Sends a call of the collector's own along the way of all others. Resolves once it is durable, rejects as a request
   * would. It is in no project's numbers and not on the ledger.
   */
  beat(): Promise<void>;
  /** Stops taking requests in, finishes those under way. */
  stop(): Promise<void>;
}

/** google.rpc.Code */
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;

const REQUEST_TIMEOUT_MS = 30_000;
/** How often the timeout is looked after; Node's own half minute would make 30 s up to 90. */
const TIMEOUT_CHECK_MS = 1_000;
const CONNECTIONS_MAX = 1_024;
/** Requests that hold a body at once; beyond, 503 at once costs the sender less than a wait. */
const REQUESTS_MAX = 256;

export function createCollector(options: CollectorOptions): Collector {
  const ledger = new Ledger(options.registry);
  const writer: BlockWriter = createBlockWriter(options.sink, options.grouping);
  const now_ms = options.now_ms ?? Date.now;
  const compiled = new CompiledDialects(dialects);
  const gathered = new Gathered();
  const bodies = createBodies(options.otlp_max_bytes);
  let open = 0;

  const context = (project: string): NormaliseContext => ({
    project,
    received_us: now_ms() * 1000,
    retention_calls_days: options.retention_calls_days,
    user_ids: options.user_ids,
    keyedHash: options.keyedHash,
    redact: options.redact,
    price: options.price,
    slices: options.slices,
    dialects: compiled,
    gathered,
  });

  function projectOf(request: FastifyRequest): string {
    const answer = options.keyRing.find('ingest', keyOfHeaders(request.headers));
    if (answer.outcome === 'ok') return answer.project;
    if (answer.outcome === 'wrong_kind') {
      throw new KeyError(403, 'This key may read but not write: use an ingest key (PLUMBLINE_INGEST_KEYS).');
    }
    const said = answer.outcome === 'missing' ? 'A key is needed' : 'The key is not known';
    throw new KeyError(
      401,
      `${said}: send an ingest key as 'Authorization: Bearer <key>' or 'x-api-key: <key>'` +
        ' (OTEL_EXPORTER_OTLP_HEADERS=x-api-key=<key>).',
    );
  }

  /** By the time it returns its promise the rows have been copied. */
  async function store(project: string, taken: TakenIn, bytes: number): Promise<void> {
    ledger.received(project, taken.received);
    for (const { reason } of taken.rejections) ledger.rejected(project, reason, 1);
    ledger.became(project, 'not_a_model_call', taken.not_model_calls);
    const { carriers, contents } = taken;
    const calls = taken.calls.length - carriers;
    const scores = taken.scores.length;
    try {
      await writer.write(taken, bytes);
    } catch (error) {
      ledger.became(project, 'failed', calls + carriers + scores + contents);
      throw error;
    }
    ledger.became(project, 'call', calls);
    ledger.became(project, 'carrier', carriers);
    ledger.became(project, 'score', scores);
    ledger.became(project, 'content', contents);
  }

  /** The rows hold parts of the body until they are handed to `store`. */
  function takeIn(signal: OtlpSignal, encoding: Encoding, body: Buffer, context: NormaliseContext): TakenIn {
    return signal === 'traces'
      ? takeInEach((take) => encoding.eachSpan(body, take), context)
      : takeInLogs(encoding.logs(body), context);
  }

  async function receive(
    signal: OtlpSignal,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const encoding = encodingOf(request.headers['content-type']);
    if (encoding === undefined) throw new UnsupportedTypeError(request.headers['content-type']);
    const project = projectOf(request);
    const sent = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
    request.body = undefined;
    let taken: TakenIn;
    let stored: Promise<void>;
    try {
      const body = await decompress(sent, request.headers['content-encoding'], options.otlp_max_bytes);
      taken = takeIn(signal, encoding, body, context(project));
      stored = store(project, taken, body.length);
    } finally {
      bodies.giveBack(sent);
    }
    await stored;
    const partial =
      taken.rejections.length > 0
        ? { rejected: taken.rejections.length, error_message: rejectionMessage(taken.rejections) }
        : undefined;
    return reply.code(200).type(encoding.content_type).send(encoding.reply(signal, partial));
  }

  /** Errors answer in the request's encoding, in JSON if it has none of ours. */
  function answerFailure(request: FastifyRequest, reply: FastifyReply, failure: Failure): FastifyReply {
    const encoding = encodingOf(request.headers['content-type']) ?? json;
    if (failure.retry_after_s !== undefined) reply.header('retry-after', String(failure.retry_after_s));
    if (failure.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply
      .code(failure.status)
      .type(encoding.content_type)
      .send(encoding.status(failure.code, failure.message));
  }

  const app = Fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    // Its own 503 while it closes has no Retry-After; the writer's, which takes nothing more then, has.
    return503OnClosing: false,
    // What fastify itself refuses before a route is reached answers through the same error handler.
    frameworkErrors: (error, request, reply) =>
      answerFailure(request, reply as FastifyReply, failureOf(error)),
    routerOptions: { ignoreTrailingSlash: true },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request: FastifyRequest, payload: IncomingMessage) => bodies.read(payload));

  app.setErrorHandler(async (error: Error, request, reply) => {
    if (error instanceof BodyTooLargeError) await readRest(request.raw);
    const failure = failureOf(error);
    // A sender that broke off is no fault of ours.
    const brokenOff = request.raw.complete === false;
    if (failure.status === 503 && !brokenOff && !(error instanceof UnavailableError)) {
      options.log('error', 'spans could not be stored', { error: error.message });
    }
    return answerFailure(request, reply, failure);
  });

  for (const signal of ['traces', 'logs'] as const) {
    app.post(`/v1/${signal}`, {
      onRequest: async () => {
        if (open >= REQUESTS_MAX)
          throw new UnavailableError(`${open} requests are under way; send it again.`);
      },
      handler: async (request, reply) => {
        open++;
        try {
          return await receive(signal, request, reply);
        } finally {
          open--;
        }
      },
      onResponse: async (_request, reply) => {
        ledger.answered(`/v1/${signal}`, reply.statusCode, reply.elapsedTime / 1000);
      },
    });
    app.route({
      method: ['GET', 'PUT', 'DELETE', 'PATCH'],
      url: `/v1/${signal}`,
      handler: async (_request, reply) =>
        reply
          .code(405)
          .header('allow', 'POST')
          .send({ code: UNIMPLEMENTED, message: `/v1/${signal} takes POST only.` }),
    });
  }

  app.setNotFoundHandler(async (request, reply) => {
    const message = request.url.startsWith('/v1/metrics')
      ? 'Metrics are not taken: this collector stores spans (POST /v1/traces) and GenAI events (POST /v1/logs). Set OTEL_METRICS_EXPORTER=none.'
      : `There is no ${request.method} ${request.url.split('?')[0]} here: spans go to POST /v1/traces, GenAI events to POST /v1/logs.`;
    return answerFailure(request, reply, { status: 404, code: NOT_FOUND, message });
  });

  const heartbeatSpan = createHeartbeatSpan();
  return {
    app,
    ledger,
    beat: () => writer.write(takeInSpans([heartbeatSpan(now_ms())], context(OWN_PROJECT)), 0),
    async stop() {
      const closed = app.close();
      await writer.drain();
      await closed;
    },
  };
}
