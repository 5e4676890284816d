import { context } from '@opentelemetry/api';
import type { AnswerReading } from './answers/answer-reading.ts';
import type { CallSpan, LiveCall } from './call-span.ts';
import { contextOfCall } from './context/active-call.ts';
import type { CallReading } from './options.ts';

/**
 * The same exchange told of from further in: the client's own call inside `traceModelCall`, the `fetch` inside
 * the client. It makes no span; what it reads goes to the call around it, which may see less of the answer.
 */
export class JoinedCall implements CallSpan {
  readonly absorbs = true;
  private readonly around: LiveCall;
  /** What an exchange that comes next would be: another beside it, after it, or this one again. */
  state: 'open' | 'ended' | 'failed' = 'open';
  private settled = false;

  constructor(around: LiveCall) {
    this.around = around;
  }

  run<T>(fn: () => T): T {
    return context.with(contextOfCall(context.active(), this), fn);
  }

  spanContext() {
    return this.around.spanContext();
  }

  record(reading: CallReading): void {
    this.around.fillFrom(this, reading);
  }

  markFirstToken(): void {
    this.around.markFirstToken();
  }

  markStream(): void {
    this.around.markStream();
  }

  touch(): void {
    this.around.touch();
  }

  retried(): void {
    this.around.retried();
  }

  refused(): void {
    if (this.state === 'open') this.state = 'failed';
  }

  end(reading: AnswerReading): void {
    this.settle('ended', reading);
  }

  fail(_error: unknown, reading: AnswerReading = {}): void {
    this.settle('failed', reading);
  }

  private settle(state: 'ended' | 'failed', reading: AnswerReading): void {
    if (this.settled) return;
    this.settled = true;
    if (this.state === 'open') this.state = state;
    this.around.fillFrom(this, reading);
  }

  lastActive(): number {
    return this.around.lastActive();
  }

  join(): 'absorbed' {
    return 'absorbed';
  }
}
