/** Calls whose stream or promise nobody reads: they end when it is garbage-collected, dated back to their last sign of life. */
import type { AnswerReading } from '../answers/answer-reading.ts';
import type { CallSpan } from '../call-span.ts';

const abandoned = new FinalizationRegistry<() => void>((end) => end());

/** Ends the call when `held` is collected. Neither `call` nor `reading` may hold it, or it never is. */
export function endWhenAbandoned(held: object, call: CallSpan, reading: () => AnswerReading): void {
  abandoned.register(held, () => call.end(reading(), call.lastActive()));
}
