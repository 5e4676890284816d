import { guarded } from '../guard.ts';
import { fields } from '../values.ts';
import { traceAiSdkModel } from './ai-sdk.ts';
import { traceAnthropic } from './anthropic.ts';
import { traceFetch } from './fetch.ts';
import { traceOpenAi } from './openai.ts';

/**
 * Traces every model call of one client: OpenAI's, Anthropic's, a model of the AI SDK, or a `fetch` function. A client
 * comes back as the same object; of a `fetch` a traced one comes back, whatever its host. Where the client is
 * traced already (by `plumbline-tracer/register`, or by an earlier call) nothing changes. What is none of these comes
 * back as it is, with a warning of the process.
 */
export function traced<T extends object>(client: T): T {
  return guarded(() => trace(client)) ?? client;
}

function trace<T extends object>(client: T): T {
  const given: unknown = client;
  if (typeof given === 'function' && given.name === 'fetch') {
    return traceFetch(given as typeof globalThis.fetch) as unknown as T;
  }
  const { chat, responses, embeddings, messages, doGenerate, doEmbed } = client as Record<string, unknown>;
  if (typeof doGenerate === 'function' || typeof doEmbed === 'function') traceAiSdkModel(client);
  else if (hasCreate(messages)) traceAnthropic(client);
  else if (hasCreate(fields(chat)?.completions) || hasCreate(responses) || hasCreate(embeddings)) {
    traceOpenAi(client);
  } else {
    const hint = 'languageModel' in client ? '; of an AI SDK provider, give it the models' : '';
    process.emitWarning(
      `traced() was given no client that it knows: it is not traced${hint}`,
      'PlumblineTracer',
    );
  }
  return client;
}

function hasCreate(resource: unknown): boolean {
  return typeof fields(resource)?.create === 'function';
}
