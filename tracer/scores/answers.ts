/** Which span an answer came from, so that whoever holds the answer can score it. */
import type { SpanContext } from '@opentelemetry/api';
import type { CallSpan } from '../call-span.ts';

/** On the answer itself, where nobody sees it: a WeakMap of all answers would be dear in every garbage collection. */
const SPAN = Symbol('plumbline-tracer span');

/** Remembers the call of an answer as long as the answer is held; text, numbers and frozen objects cannot be remembered. */
export function rememberAnswer(answer: unknown, call: CallSpan): void {
  if (typeof answer !== 'object' || answer === null) return;
  const value = call.spanContext();
  if (value) Object.defineProperty(answer, SPAN, { value, configurable: true });
}

/** The span of an answer that a traced call has given; undefined if it is not known. */
export function spanOfAnswer(answer: object): SpanContext | undefined {
  return (answer as { [SPAN]?: SpanContext })[SPAN];
}
