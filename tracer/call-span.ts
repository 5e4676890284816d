import {
  type Context,
  context,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { AnswerReading } from './answers/answer-reading.ts';
import { ATTR } from './attributes.ts';
import { labelAttributes, readingAttributes, spanName } from './call-attributes.ts';
import { addSlices } from './content/slices.ts';
import { setAnswer, setPrompt } from './content/text-attributes.ts';
import { activeCall, contextOfCall } from './context/active-call.ts';
import { activeLabels } from './context/call-context.ts';
import { errorStatus, errorType, label } from './error-type.ts';
import { guarded } from './guard.ts';
import { JoinedCall } from './joined-call.ts';
import type { CallReading, ModelCall, ModelCallOptions } from './options.ts';
import { unsampledCall } from './unsampled-call.ts';
import { defined } from './values.ts';
import { SCOPE, VERSION } from './version.ts';

/** A call under way. No method throws, and none does anything once the call has ended. */
export interface CallSpan extends ModelCall {
  /** Nothing is recorded of it: its answer need not be read. */
  readonly isUnsampled?: boolean;
  /** Whoever tells of the same exchange further in need not: `join` would answer `absorbed`. */
  readonly absorbs: boolean;
  /** Runs `fn` with the span active, so that spans begun inside are its children. */
  run<T>(fn: () => T): T;
  markStream(): void;
  /** Notes that the call is still alive: an abandoned stream ends here and not when it is found. */
  touch(): void;
  /** Counts an attempt that the client makes again. */
  retried(): void;
  /** The answer has begun and is a failure: an exchange that follows is a retry, whether anybody reads this one or not. */
  refused(): void;
  /** Ends the span with what the answer said. `at_ms` is an end in the past, in milliseconds since 1970. */
  end(reading: AnswerReading, at_ms?: number): void;
  /** Ends the span as failed, with what had been read until then. */
  fail(error: unknown, reading?: AnswerReading): void;
  lastActive(): number;
  /**
   * What somebody further in is to use who begins a call inside this one: a call that is told of here, `absorbed`
   * if it is this exchange and needs no telling, undefined if it is another exchange.
   */
  join(options: ModelCallOptions): CallSpan | 'absorbed' | undefined;
}

/**
 * Starts a call, or joins the one it is part of: a patched client inside `traceModelCall`. Undefined when there
 * is no SDK, when it is told of already, or when it cannot be started.
 * @param isClients a client's own call, which reads its answer itself: what happens inside is part of it
 */
export function startCallSpan(options: ModelCallOptions, isClients = false): CallSpan | undefined {
  return guarded(() => {
    const joined = activeCall()?.join(options);
    if (joined) return joined === 'absorbed' ? undefined : joined;
    const attributes = labelAttributes(options, activeLabels());
    guarded(() => addSlices(attributes, options.input));
    const span = trace
      .getTracer(SCOPE, VERSION)
      .startSpan(spanName(options), { kind: SpanKind.CLIENT, attributes });
    if (!span.isRecording()) return isSpanContextValid(span.spanContext()) ? unsampledCall(span) : undefined;
    const call = new LiveCall(span, new Set(Object.keys(attributes)), isClients);
    call.describe(options);
    return call;
  });
}

/** Sets what failed: the type alone, for a provider's message may quote the prompt. */
export function setFailure(span: Span, type: string): void {
  span.setAttribute(ATTR.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}

/** The span of a call. What is joined to it fills what it does not know itself. */
export class LiveCall implements CallSpan {
  readonly span: Span;
  /** Names of the attributes that are set. */
  private readonly known: Set<string>;
  private readonly startedAt = performance.now();
  private recorded: CallReading | undefined;
  private filled: AnswerReading | undefined;
  private joined: JoinedCall | undefined;
  private firstTokenMs: number | undefined;
  private activeAt = 0;
  private retries = 0;
  private readonly isClients: boolean;
  private ended = false;

  constructor(span: Span, known: Set<string>, isClients: boolean) {
    this.span = span;
    this.known = known;
    this.isClients = isClients;
  }

  get absorbs(): boolean {
    return this.isClients && !this.ended;
  }

  spanContext(): SpanContext {
    return this.span.spanContext();
  }

  run<T>(fn: () => T): T {
    return context.with(this.within(context.active()), fn);
  }

  private within(base: Context): Context {
    return contextOfCall(trace.setSpan(base, this.span), this);
  }

  record(reading: CallReading): void {
    guarded(() => {
      this.recorded = { ...this.recorded, ...defined(reading) };
    });
  }

  markFirstToken(): void {
    this.firstTokenMs ??= performance.now() - this.startedAt;
  }

  markStream(): void {
    guarded(() => this.span.setAttribute(ATTR.stream, true));
  }

  touch(): void {
    this.activeAt = performance.now();
  }

  retried(): void {
    this.retries++;
  }

  refused(): void {}

  end(reading: AnswerReading, at_ms?: number): void {
    this.finish(reading, undefined, at_ms);
  }

  fail(error: unknown, reading: AnswerReading = {}): void {
    const status = guarded(() => errorStatus(error));
    const type = guarded(() => errorType(error)) ?? '_OTHER';
    this.finish(status === undefined ? reading : { ...reading, http_status: status }, type);
  }

  lastActive(): number {
    const sinceStart = this.activeAt === 0 ? 0 : performance.now() - this.activeAt;
    return Date.now() - (this.activeAt === 0 ? performance.now() - this.startedAt : sinceStart);
  }

  join(options: ModelCallOptions): CallSpan | 'absorbed' | undefined {
    if (this.ended) return undefined;
    if (this.isClients) return 'absorbed';
    const state = this.joined?.state;
    // A second exchange beside or after one that is well is another call; after one that failed, a retry.
    if (state === 'open' || state === 'ended') return undefined;
    if (state === 'failed') {
      this.retried();
      // What the attempt before had to say is not true of this one.
      this.filled = undefined;
    }
    this.joined = new JoinedCall(this);
    if (state === undefined) guarded(() => this.describe(options));
    return this.joined;
  }

  /** What an exchange joined to this one has read, unless it was made again since. */
  fillFrom(joined: JoinedCall, reading: AnswerReading): void {
    if (joined !== this.joined) return;
    this.filled = { ...this.filled, ...defined(reading) };
  }

  /** Sets what the options say and nobody has said before. */
  describe(options: ModelCallOptions): void {
    const attributes = this.joined ? labelAttributes(options) : {};
    guarded(() => setPrompt(attributes, options.input, options.system));
    for (const name in attributes) {
      const value = attributes[name];
      if (value === undefined || this.known.has(name)) continue;
      this.known.add(name);
      this.span.setAttribute(name, value);
    }
  }

  private finish(reading: AnswerReading, failure: string | undefined, at_ms?: number): void {
    if (this.ended) return;
    this.ended = true;
    guarded(() => {
      const known =
        this.filled || this.recorded ? { ...defined(reading), ...this.filled, ...this.recorded } : reading;
      const attributes = readingAttributes(known);
      guarded(() => setAnswer(attributes, known.text, known.finish_reason ?? known.finish_reasons?.[0]));
      if (this.firstTokenMs !== undefined) attributes[ATTR.timeToFirstChunk] = this.firstTokenMs / 1000;
      if (this.retries > 0) attributes[ATTR.clientRetries] ??= this.retries;
      this.span.setAttributes(attributes);
      const type = failure ?? label(known.error_type);
      if (type) setFailure(this.span, type);
    });
    guarded(() => this.span.end(at_ms === undefined ? undefined : new Date(at_ms)));
  }
}
