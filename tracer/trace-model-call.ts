import { readAnswer } from './answers/read-answer.ts';
import { type CallSpan, startCallSpan } from './call-span.ts';
import { followApiPromise, isApiPromise } from './clients/api-promise.ts';
import { guarded } from './guard.ts';
import type { ModelCall, ModelCallOptions } from './options.ts';
import { rememberAnswer } from './scores/answers.ts';
import { followStream } from './streams/follow-stream.ts';
import { isThenable } from './values.ts';

const NOT_RECORDED: ModelCall = { record() {}, markFirstToken() {}, spanContext: () => undefined };

/**
 * Traces one model call as a span of kind CLIENT, active while `fn` runs, and gives back what `fn` gives
 * back: a value for a value, a promise for a promise, the very stream for a stream. What `fn` throws is
 * thrown on, the same object. `fn` runs exactly once, traced or not.
 *
 * The span ends when the answer is there; for a stream, when it has been read to its end, left, aborted
 * or has failed. A stream that nobody reads ends when it is garbage-collected.
 *
 * Inside another traced call it makes no second span: what it knows is added to the one around it.
 */
export function traceModelCall<T>(options: ModelCallOptions, fn: (call: ModelCall) => T): T {
  const call = startCallSpan(options);
  return call ? traceWith(call, () => fn(call)) : fn(NOT_RECORDED);
}

/** Runs `fn` as the call that has been started, and ends it with what `fn` gives back or throws. */
export function traceWith<T>(call: CallSpan, fn: () => T): T {
  if (call.isUnsampled) return call.run(fn);
  let answer: T;
  try {
    answer = call.run(fn);
  } catch (error) {
    call.fail(error);
    throw error;
  }
  switch (guarded(() => kindOf(answer))) {
    case 'client promise':
      guarded(() => followApiPromise(answer as object, call, settle));
      return answer;
    case 'promise':
      return followPromise(answer as PromiseLike<unknown>, call) as T;
    default:
      settle(answer, call);
      return answer;
  }
}

function kindOf(answer: unknown): 'client promise' | 'promise' | 'value' {
  if (!isThenable(answer)) return 'value';
  return isApiPromise(answer) ? 'client promise' : 'promise';
}

function settle(answer: unknown, call: CallSpan): void {
  guarded(() => rememberAnswer(answer, call));
  if (guarded(() => followStream(answer, call))) return;
  call.end(guarded(() => readAnswer(answer)) ?? {});
}

function followPromise(promise: PromiseLike<unknown>, call: CallSpan): PromiseLike<unknown> {
  return promise.then(
    (answer) => {
      call.touch();
      settle(answer, call);
      return answer;
    },
    (error) => {
      call.fail(error);
      throw error;
    },
  );
}
