/**
 * The `@anthropic-ai/sdk` package: messages, its beta, and their stream helpers. Since version 1 its clients make
 * spans of their own, without first-token time, hashes and labels. For the calls that are traced here they are told
 * not to, for else every call would be there twice; their other spans, and those of a client that was given a
 * tracer provider of its own, are left alone.
 */
import { context, createContextKey } from '@opentelemetry/api';
import { startCallSpan } from '../call-span.ts';
import { guarded } from '../guard.ts';
import type { ModelCallOptions } from '../options.ts';
import { traceWith } from '../trace-model-call.ts';
import { type Fields, fields, string } from '../values.ts';
import { patchRetries } from './openai.ts';
import { endpointOf } from './providers.ts';
import { ofHelper, watchHelper } from './stream-helper.ts';
import { classOf, prototypeOf, wrapMethod } from './wrap.ts';

/** Set where the client is not to make a span of its own. */
const QUIET = createContextKey('plumbline-tracer quiet client');

/** Patches the classes of a loaded `@anthropic-ai/sdk` module, for every client made of them. */
export function patchAnthropic(module: unknown): void {
  const Anthropic = classOf(module, ['Anthropic', 'default'], 'Messages');
  patchMessages(prototypeOf(Anthropic.Messages));
  patchMessages(prototypeOf((Anthropic.Beta as Fields | undefined)?.Messages));
  patchRetries(prototypeOf(Anthropic));
}

/** Patches one client, and those that `withOptions` makes of it. */
export function traceAnthropic(client: object): void {
  const { messages, beta } = client as Fields;
  patchMessages(messages);
  patchMessages((beta as Fields | undefined)?.messages);
  patchRetries(client);
  wrapMethod(client, 'withOptions', (original) => {
    return function withOptions(this: unknown, ...args) {
      const made = Reflect.apply(original, this, args);
      guarded(() => traceAnthropic(made as object));
      return made;
    };
  });
}

function patchMessages(messages: unknown): void {
  wrapMethod(messages, 'create', (original) => {
    return function create(this: unknown, ...args) {
      const options = guarded(() => callOptions(this, args[0]));
      const call = options && startCallSpan(options, true);
      const run = () => Reflect.apply(original, this, args);
      return call ? traceWith(ofHelper(call), () => quietly(this, run)) : run();
    };
  });
  // The helper begins its span before it asks for the message.
  wrapMethod(messages, 'stream', (original) => {
    const watched = watchHelper(original);
    return function stream(this: unknown, ...args) {
      return quietly(this, () => Reflect.apply(watched, this, args));
    };
  });
}

interface Client {
  baseURL?: unknown;
  openTelemetry?: { tracerProvider?: unknown };
  _tracer?: unknown;
}

function quietly<T>(resource: unknown, fn: () => T): T {
  const client = (resource as { _client?: Client })._client;
  if (!client?._tracer && !silenced.has(client as object)) return fn();
  guarded(() => makeSilencable(client as Client));
  return context.with(context.active().setValue(QUIET, true), fn);
}

const silenced = new WeakSet<object>();

/** The client asks for its tracer before each span: here it finds none while it is to be quiet. */
function makeSilencable(client: Client): void {
  if (silenced.has(client) || client.openTelemetry?.tracerProvider) return;
  let tracer = client._tracer;
  Object.defineProperty(client, '_tracer', {
    configurable: true,
    enumerable: true,
    get: () => (context.active().getValue(QUIET) ? undefined : tracer),
    set(value) {
      tracer = value;
    },
  });
  silenced.add(client);
}

function callOptions(resource: unknown, body: unknown): ModelCallOptions {
  const request = fields(body) ?? {};
  const client = (resource as { _client?: Client })._client;
  return {
    ...endpointOf(client?.baseURL, 'anthropic'),
    model: string(request.model) ?? '',
    input: request.messages,
    system: request.system,
    stream: request.stream === true ? true : undefined,
  };
}
