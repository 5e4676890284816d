import { readAnswer } from './answers/read-answer.ts';
import { type CallSpan, startCallSpan } from './call-span.ts';
import { guarded } from './guard.ts';
import type { ModelCall, ModelCallOptions } from './options.ts';
import { followStream } from './streams/follow-stream.ts';
import { isThenable } from './values.ts';

const NOT_RECORDED: ModelCall = { record() {}, markFirstToken() {} };

/**
 * Traces one model call as a span of kind CLIENT, active while `fn` runs, and gives back what `fn` gives
 * back: a value for a value, a promise for a promise, the very stream for a stream. What `fn` throws is
 * thrown on, the same object. `fn` runs exactly once, traced or not.
 *
 * The span ends when the answer is there; for a stream, when it has been read to its end, left, aborted
 * or has failed. A stream that nobody reads ends when it is garbage-collected.
 *
 * For a promise class of an SDK (OpenAI's and Anthropic's `APIPromise`) a plain promise comes back that
 * keeps `withResponse` and `asResponse`; the body has been read by then.
 */
export function traceModelCall<T>(options: ModelCallOptions, fn: (call: ModelCall) => T): T {
  const call = startCallSpan(options);
  if (!call) return fn(NOT_RECORDED);
  let answer: T;
  try {
    answer = call.run(() => fn(call));
  } catch (error) {
    call.fail(error);
    throw error;
  }
  if (isThenable(answer)) return followPromise(answer, call) as T;
  settle(answer, call);
  return answer;
}

function settle(answer: unknown, call: CallSpan): void {
  if (guarded(() => followStream(answer, call))) return;
  call.end(readAnswer(answer));
}

const RAW_RESPONSE_METHODS = ['withResponse', 'asResponse'];

function followPromise(promise: PromiseLike<unknown>, call: CallSpan): PromiseLike<unknown> {
  const followed = promise.then(
    (answer) => {
      settle(answer, call);
      return answer;
    },
    (error) => {
      call.fail(error);
      throw error;
    },
  );
  guarded(() => keepRawResponse(promise, followed));
  return followed;
}

function keepRawResponse(promise: PromiseLike<unknown>, followed: PromiseLike<unknown>): void {
  for (const name of RAW_RESPONSE_METHODS) {
    const method: unknown = Reflect.get(promise, name);
    if (typeof method !== 'function') continue;
    const value = (...args: unknown[]) => {
      // The caller hears of a failure from this method's promise, so the other one is handled.
      followed.then(undefined, () => undefined);
      return Reflect.apply(method, promise, args);
    };
    Object.defineProperty(followed, name, { value, configurable: true, writable: true });
  }
}
