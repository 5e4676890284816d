/** Which span an answer came from, so that whoever holds the answer can score it. */
import type { SpanContext } from '@opentelemetry/api';
import type { CallSpan } from '../call-span.ts';

const spans = new WeakMap<object, SpanContext>();

/** Remembers the call of an answer as long as the answer is held; text and numbers cannot be remembered. */
export function rememberAnswer(answer: unknown, call: CallSpan): void {
  if (typeof answer !== 'object' || answer === null) return;
  const span = call.spanContext();
  if (span) spans.set(answer, span);
}

/** The span of an answer that a traced call has given; undefined if it is not known. */
export function spanOfAnswer(answer: object): SpanContext | undefined {
  return spans.get(answer);
}
