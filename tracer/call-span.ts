import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { AnswerReading } from './answers/answer-reading.ts';
import { ATTR } from './attributes.ts';
import { labelAttributes, readingAttributes, spanName } from './call-attributes.ts';
import { errorStatus, errorType, label } from './error-type.ts';
import { guarded } from './guard.ts';
import { promptText, textHash } from './hash.ts';
import type { CallReading, ModelCall, ModelCallOptions } from './options.ts';
import { defined } from './values.ts';
import { SCOPE, VERSION } from './version.ts';

/** A span under way. No method throws, and none does anything once the span has ended. */
export interface CallSpan extends ModelCall {
  /** Runs `fn` with the span active, so that spans begun inside are its children. */
  run<T>(fn: () => T): T;
  markStream(): void;
  /** Notes that the call is still alive: an abandoned stream ends here and not when it is found. */
  touch(): void;
  /** Ends the span with what the answer said. `at_ms` is an end in the past, in milliseconds since 1970. */
  end(reading: AnswerReading, at_ms?: number): void;
  /** Ends the span as failed, with what had been read until then. */
  fail(error: unknown, reading?: AnswerReading): void;
  lastActive(): number;
}

/** Starts the span of a call; undefined when nobody records it (no SDK, not sampled) or it cannot be started. */
export function startCallSpan(options: ModelCallOptions): CallSpan | undefined {
  return guarded(() => {
    const span = trace
      .getTracer(SCOPE, VERSION)
      .startSpan(spanName(options), { kind: SpanKind.CLIENT, attributes: labelAttributes(options) });
    if (!span.isRecording()) return undefined;
    guarded(() => setPromptHash(span, options.input));
    return callSpan(span);
  });
}

/** Sets what failed: the type alone, for a provider's message may quote the prompt. */
export function setFailure(span: Span, type: string): void {
  span.setAttribute(ATTR.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}

function setPromptHash(span: Span, input: unknown): void {
  const hash = textHash(promptText(input));
  if (hash) span.setAttribute(ATTR.promptHash, hash);
}

function callSpan(span: Span): CallSpan {
  const startedAt = performance.now();
  const recorded: CallReading = {};
  let firstTokenMs: number | undefined;
  let lastActiveMs = Date.now();
  let ended = false;

  function finish(reading: AnswerReading, failure: string | undefined, at_ms?: number): void {
    if (ended) return;
    ended = true;
    guarded(() => {
      const known = { ...defined(reading), ...recorded };
      span.setAttributes(readingAttributes(known));
      if (firstTokenMs !== undefined) span.setAttribute(ATTR.timeToFirstChunk, firstTokenMs / 1000);
      const type = failure ?? label(known.error_type);
      if (type) setFailure(span, type);
    });
    guarded(() => span.end(at_ms === undefined ? undefined : new Date(at_ms)));
  }

  return {
    run: (fn) => context.with(trace.setSpan(context.active(), span), fn),
    record(reading) {
      guarded(() => Object.assign(recorded, defined(reading)));
    },
    markFirstToken() {
      firstTokenMs ??= performance.now() - startedAt;
    },
    markStream() {
      guarded(() => span.setAttribute(ATTR.stream, true));
    },
    touch() {
      lastActiveMs = Date.now();
    },
    end: (reading, at_ms) => finish(reading, undefined, at_ms),
    fail(error, reading = {}) {
      const status = guarded(() => errorStatus(error));
      const type = guarded(() => errorType(error)) ?? '_OTHER';
      finish({ ...reading, ...defined({ http_status: status }) }, type);
    },
    lastActive: () => lastActiveMs,
  };
}
