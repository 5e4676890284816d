/**
 * The clients' stream helpers (`chat.completions.stream()`, `responses.stream()`, `messages.stream()`). When a loop over
 * one of them is left, the helper aborts the request that it makes; to its caller that is no failure.
 */
import { context, createContextKey } from '@opentelemetry/api';
import type { CallSpan } from '../call-span.ts';
import { delegate } from '../delegate.ts';
import { guarded } from '../guard.ts';
import { watchIterators } from '../streams/watch.ts';
import type { Method } from './wrap.ts';

interface Helper {
  isLeft: boolean;
}

const HELPER = createContextKey('plumbline-tracer stream helper');

/** Around a method that makes a helper. */
export function watchHelper(original: Method): Method {
  return function stream(this: unknown, ...args) {
    const helper: Helper = { isLeft: false };
    const run = () => Reflect.apply(original, this, args);
    const made = context.with(context.active().setValue(HELPER, helper), run);
    const left = () => {
      helper.isLeft = true;
    };
    guarded(() =>
      watchIterators(made as object, Symbol.asyncIterator, { chunk() {}, done() {}, left, failed() {} }),
    );
    return made;
  };
}

/** The call of a request that a helper may be making: it ends well if the helper was left. */
export function ofHelper(call: CallSpan): CallSpan {
  const helper = context.active().getValue(HELPER) as Helper | undefined;
  if (!helper || call.isUnsampled) return call;
  return delegate(call, {
    end(reading, at_ms) {
      call.end(helper.isLeft ? { ...reading, error_type: undefined } : reading, at_ms);
    },
    fail(error, reading) {
      if (helper.isLeft) call.end(reading ?? {});
      else call.fail(error, reading);
    },
  });
}
