/**
 * The AI SDK (`ai`, versions 5 to 7): its models' `doGenerate`, `doStream` and `doEmbed`, each of which is one
 * request to a provider. So a generation of several steps is several calls, as it is billed.
 */
import { context, createContextKey } from '@opentelemetry/api';
import { type CallSpan, startCallSpan } from '../call-span.ts';
import { delegate } from '../delegate.ts';
import { guarded } from '../guard.ts';
import type { ModelCallOptions } from '../options.ts';
import { traceWith } from '../trace-model-call.ts';
import { type Fields, fields, list, string } from '../values.ts';
import { providerOfModel } from './providers.ts';
import { markWrapped, wrapMethod } from './wrap.ts';

/** One request and what the AI SDK does to repeat it: a call that failed waits here for its next attempt. */
interface Attempts {
  waiting: { call: CallSpan; error: unknown } | undefined;
  unsampled: CallSpan | undefined;
}

const ATTEMPTS = createContextKey('plumbline-tracer attempts');

type Function = (...args: unknown[]) => unknown;

/** What the hook puts around functions inside the `ai` package. */
export const aiSdk = {
  /** Around `resolveLanguageModel` and `resolveEmbeddingModel`: what they give is traced. */
  resolved(resolve: Function): Function {
    return (...args) => {
      const model = resolve(...args);
      guarded(() => traceAiSdkModel(model as object));
      return model;
    };
  },

  /** Around `prepareRetries`, whose `retry` repeats a request: the attempts are one call. */
  repeated(prepare: Function): Function {
    return (...args) => {
      const prepared = prepare(...args) as { retry: Function };
      const { retry } = prepared;
      return typeof retry === 'function' ? { ...prepared, retry: asOneCall(retry) } : prepared;
    };
  },
};

function asOneCall(retry: Function): Function {
  return async (...args) => {
    const attempts: Attempts = { waiting: undefined, unsampled: undefined };
    try {
      return await context.with(context.active().setValue(ATTEMPTS, attempts), () => retry(...args));
    } finally {
      // The last attempt has failed too.
      attempts.waiting?.call.fail(attempts.waiting.error);
    }
  };
}

/** Patches one model of the AI SDK, of a provider or wrapped in middleware. */
export function traceAiSdkModel(model: object): void {
  for (const name of ['doGenerate', 'doStream', 'doEmbed']) {
    wrapMethod(model, name, (original) => {
      return function traced(this: unknown, ...args) {
        const run = () => Reflect.apply(original, this, args);
        return attempt(() => callOptions(this, name, args[0]), run, fields(args[0])?.abortSignal);
      };
    });
  }
  markWrapped(model);
}

function attempt(options: () => ModelCallOptions, run: () => unknown, signal: unknown): unknown {
  const attempts = context.active().getValue(ATTEMPTS) as Attempts | undefined;
  const waiting = attempts?.waiting;
  const call = waiting?.call ?? attempts?.unsampled ?? guarded(() => startCallSpan(options(), true));
  if (!call) return run();
  if (call.isUnsampled) {
    if (attempts) attempts.unsampled = call;
    return call.run(run);
  }
  if (attempts && waiting) {
    attempts.waiting = undefined;
    call.retried();
  }
  return traceWith(abortable(attempts ? patient(call, attempts) : call, signal), run);
}

/** The same call, which does not end when the request fails: it waits for the next attempt. */
function patient(call: CallSpan, attempts: Attempts): CallSpan {
  return delegate(call, {
    fail(error, reading) {
      // A stream that breaks while it is read is not repeated.
      if (reading) call.fail(error, reading);
      else attempts.waiting = { call, error };
    },
  });
}

/** The same call, which was aborted if its stream is left after the signal said so: the AI SDK then cancels it. */
function abortable(call: CallSpan, signal: unknown): CallSpan {
  if (!(signal instanceof AbortSignal)) return call;
  return delegate(call, {
    end(reading, at_ms) {
      const isAborted = signal.aborted && reading.finish_reasons === undefined;
      const name = string(fields(signal.reason)?.name) ?? 'AbortError';
      call.end(isAborted ? { ...reading, error_type: name } : reading, at_ms);
    },
  });
}

function callOptions(model: unknown, method: string, given: unknown): ModelCallOptions {
  const { provider, modelId } = model as Fields;
  const options = fields(given) ?? {};
  const isEmbedding = method === 'doEmbed';
  return {
    operation: isEmbedding ? 'embeddings' : 'chat',
    provider: providerOfModel(string(provider) ?? ''),
    model: string(modelId) ?? '',
    input: isEmbedding ? list(options.values) : options.prompt,
    stream: method === 'doStream' ? true : undefined,
  };
}
