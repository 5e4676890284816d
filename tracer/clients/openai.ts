/** The `openai` package: chat completions, completions, responses, embeddings, and all its helpers, which use these. */
import { startCallSpan } from '../call-span.ts';
import { activeCall } from '../context/active-call.ts';
import { guarded } from '../guard.ts';
import type { ModelCallOptions } from '../options.ts';
import { traceWith } from '../trace-model-call.ts';
import { type Fields, fields, string } from '../values.ts';
import { endpointOf } from './providers.ts';
import { ofHelper, watchHelper } from './stream-helper.ts';
import { classOf, type Method, prototypeOf, wrapMethod } from './wrap.ts';

type Operation = 'chat' | 'text_completion' | 'embeddings';

/** Patches the classes of a loaded `openai` module, for every client made of them. */
export function patchOpenAi(module: unknown): void {
  const OpenAI = classOf(module, ['OpenAI', 'AzureOpenAI', 'default'], 'Chat');
  patchResources({
    chat: prototypeOf((OpenAI.Chat as Fields | undefined)?.Completions),
    completions: prototypeOf(OpenAI.Completions),
    responses: prototypeOf(OpenAI.Responses),
    embeddings: prototypeOf(OpenAI.Embeddings),
  });
  patchRetries(prototypeOf(OpenAI));
}

/** Patches one client, and those that `withOptions` makes of it. */
export function traceOpenAi(client: object): void {
  const { chat, completions, responses, embeddings } = client as Fields;
  patchResources({ chat: (chat as Fields | undefined)?.completions, completions, responses, embeddings });
  patchRetries(client);
  wrapMethod(client, 'withOptions', (original) => {
    return function withOptions(this: unknown, ...args) {
      const made = Reflect.apply(original, this, args);
      guarded(() => traceOpenAi(made as object));
      return made;
    };
  });
}

interface Resources {
  chat: unknown;
  completions: unknown;
  responses: unknown;
  embeddings: unknown;
}

function patchResources({ chat, completions, responses, embeddings }: Resources): void {
  wrapMethod(chat, 'create', traceCreate('chat'));
  wrapMethod(completions, 'create', traceCreate('text_completion'));
  wrapMethod(responses, 'create', traceCreate('chat'));
  wrapMethod(embeddings, 'create', traceCreate('embeddings'));
  for (const resource of [chat, responses]) wrapMethod(resource, 'stream', watchHelper);
}

/** Counts what a client of OpenAI's or Anthropic's tries again, on the call that it is part of. */
export function patchRetries(owner: unknown): void {
  wrapMethod(owner, 'retryRequest', (original) => {
    return function retryRequest(this: unknown, ...args) {
      guarded(() => activeCall()?.retried());
      return Reflect.apply(original, this, args);
    };
  });
}

function traceCreate(operation: Operation): (original: Method) => Method {
  return (original) =>
    function create(this: unknown, ...args) {
      const options = guarded(() => callOptions(operation, this, args[0]));
      const call = options && startCallSpan(options, true);
      const run = () => Reflect.apply(original, this, args);
      return call ? traceWith(ofHelper(call), run) : run();
    };
}

function callOptions(operation: Operation, resource: unknown, body: unknown): ModelCallOptions {
  const request = fields(body) ?? {};
  const client = (resource as { _client?: { baseURL?: unknown } })._client;
  return {
    ...endpointOf(client?.baseURL, 'openai'),
    operation,
    model: string(request.model) ?? '',
    input: request.messages ?? request.input ?? request.prompt,
    system: request.instructions ?? undefined,
    stream: request.stream === true ? true : undefined,
    conversation_id: string(request.conversation) ?? string(fields(request.conversation)?.id),
  };
}
