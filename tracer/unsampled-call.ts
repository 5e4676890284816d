import { context, type Span, trace } from '@opentelemetry/api';
import type { CallSpan } from './call-span.ts';
import { contextOfCall } from './context/active-call.ts';

/**
 * A call that the sampler left out. Nothing of it is kept, but what happens inside knows that the choice has been
 * made: else a call by a patched client in `traceModelCall` would have three chances to be sampled.
 */
export function unsampledCall(span: Span): CallSpan {
  const call: CallSpan = {
    isUnsampled: true,
    absorbs: true,
    run: (fn) => context.with(contextOfCall(trace.setSpan(context.active(), span), call), fn),
    record() {},
    markFirstToken() {},
    spanContext: () => span.spanContext(),
    markStream() {},
    touch() {},
    retried() {},
    refused() {},
    end() {},
    fail() {},
    lastActive: () => Date.now(),
    join: () => 'absorbed',
  };
  return call;
}
