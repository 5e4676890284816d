import type { CallSpan } from './call-span.ts';

/** The same call, but for the methods given. */
export function delegate(call: CallSpan, own: Partial<CallSpan>): CallSpan {
  return {
    get absorbs() {
      return call.absorbs;
    },
    run: (fn) => call.run(fn),
    record: (reading) => call.record(reading),
    markFirstToken: () => call.markFirstToken(),
    spanContext: () => call.spanContext(),
    markStream: () => call.markStream(),
    touch: () => call.touch(),
    retried: () => call.retried(),
    refused: () => call.refused(),
    end: (reading, at_ms) => call.end(reading, at_ms),
    fail: (error, reading) => call.fail(error, reading),
    lastActive: () => call.lastActive(),
    join: (options) => call.join(options),
    ...own,
  };
}
