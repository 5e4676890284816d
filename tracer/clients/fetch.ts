/** Plain `fetch` of an OpenAI-compatible API, for services that use no client. */
import { startCallSpan } from '../call-span.ts';
import { activeCall } from '../context/active-call.ts';
import { guarded } from '../guard.ts';
import type { ModelCallOptions } from '../options.ts';
import { settings } from '../settings.ts';
import { traceWith } from '../trace-model-call.ts';
import { fields, string } from '../values.ts';
import { endpointOf, providerOfHost } from './providers.ts';
import { isWrapped, markWrapped } from './wrap.ts';

type Fetch = typeof globalThis.fetch;

/** What is called, by the end of the path. */
const OPERATIONS: readonly [ending: string, operation: string, protocol: string][] = [
  ['/chat/completions', 'chat', 'openai'],
  ['/responses', 'chat', 'openai'],
  ['/completions', 'text_completion', 'openai'],
  ['/embeddings', 'embeddings', 'openai'],
  ['/messages', 'chat', 'anthropic'],
];

/** Puts a traced `fetch` in the place of the global one. */
export function patchFetch(): void {
  globalThis.fetch = traceFetch(globalThis.fetch, (host, hostname) => {
    return providerOfHost(hostname) !== undefined || settings().fetch_hosts.includes(host);
  });
}

/**
 * A `fetch` that traces calls of models to the hosts that `isKnown` knows, by host with its port and by name
 * alone. Everything else passes through untouched.
 */
export function traceFetch(
  original: Fetch,
  isKnown: (host: string, hostname: string) => boolean = () => true,
): Fetch {
  if (isWrapped(original)) return original;
  const traced: Fetch = (input, init) => {
    // A client's body may be long, and is not read a second time.
    const options = activeCall()?.absorbs ? undefined : guarded(() => callOptions(input, init, isKnown));
    const call = options && startCallSpan(options, true);
    return call ? traceWith(call, () => original(input, init)) : original(input, init);
  };
  Object.defineProperty(traced, 'name', { value: 'fetch', configurable: true });
  return markWrapped(traced);
}

function callOptions(
  input: Parameters<Fetch>[0],
  init: Parameters<Fetch>[1],
  isKnown: (host: string, hostname: string) => boolean,
): ModelCallOptions | undefined {
  // A Request hides its body, and reading it would use it up.
  const body = init?.body;
  if (typeof body !== 'string' || body[0] !== '{') return undefined;
  const url = new URL(input instanceof Request ? input.url : input);
  const operation = OPERATIONS.find(([ending]) => url.pathname.endsWith(ending));
  if (!operation || !(isKnown(url.host, url.hostname) || isClients(init?.headers))) return undefined;
  const request = fields(JSON.parse(body)) ?? {};
  return {
    ...endpointOf(url.origin, operation[2]),
    operation: operation[1],
    model: string(request.model) ?? '',
    input: request.messages ?? request.input ?? request.prompt,
    system: request.system ?? request.instructions,
    stream: request.stream === true ? true : undefined,
  };
}

/**
 * Made by OpenAI's or Anthropic's client or the AI SDK, wherever it goes. Told of here only if the client itself is
 * not patched: an ES module's static imports are loaded before its first line, and with it the tracer, runs.
 */
function isClients(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  // What can be walked may be walked only once, and then it is for `fetch`.
  if (Symbol.iterator in given && !(given instanceof Headers || Array.isArray(given))) return false;
  const headers = given instanceof Headers ? given : new Headers(given as Record<string, string>);
  return headers.has('x-stainless-lang') || /\bai-sdk\b/.test(headers.get('user-agent') ?? '');
}
