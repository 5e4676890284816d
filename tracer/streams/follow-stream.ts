import type { StreamReader } from '../answers/answer-reading.ts';
import { streamReader } from '../answers/read-answer.ts';
import type { CallSpan } from '../call-span.ts';
import { guarded } from '../guard.ts';
import { fields } from '../values.ts';
import { followAiSdkStream, isAiSdkStream } from './ai-sdk-stream.ts';
import { followHelperStream, isHelperStream } from './helper-stream.ts';
import { type Watcher, watchIterable, watchIterators } from './watch.ts';

/**
 * Follows an answer that is a stream, so that the call's span ends with it. True when the answer is one;
 * the span is then the stream's to end. The answer stays the same object.
 */
export function followStream(answer: unknown, call: CallSpan): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const reader = streamReader();
  if (isHelperStream(answer)) followHelperStream(answer, streamWatcher(answer, call, reader));
  else if (isAiSdkStream(answer)) followAiSdkStream(answer, call);
  else if (Symbol.asyncIterator in answer) followIterable(answer, streamWatcher(answer, call, reader));
  else return false;
  call.markStream();
  endWhenAbandoned(answer, call, reader);
  return true;
}

function followIterable(stream: object, watcher: Watcher): void {
  // In the SDKs' streams everything reads from this function: `tee` too, which passes by the public iterator.
  if (Object.hasOwn(stream, 'iterator')) watchIterators(stream, 'iterator', watcher);
  else watchIterable(stream, watcher);
}

function streamWatcher(stream: object, call: CallSpan, reader: StreamReader): Watcher {
  const signal = fields(fields(Reflect.get(stream, 'controller'))?.signal);
  return {
    chunk(chunk) {
      call.touch();
      if (guarded(() => reader.take(chunk))) call.markFirstToken();
    },
    done() {
      // The SDKs end an aborted stream as if it were complete.
      const reading = reader.reading();
      call.end(signal?.aborted ? { ...reading, error_type: 'AbortError' } : reading);
    },
    left: () => call.end(reader.reading()),
    failed: (error) => call.fail(error, reader.reading()),
  };
}

const abandoned = new FinalizationRegistry<() => void>((end) => end());

// A function of its own, so that its closure cannot hold the stream, which would then never be collected.
function endWhenAbandoned(stream: object, call: CallSpan, reader: StreamReader): void {
  abandoned.register(stream, () => call.end(reader.reading(), call.lastActive()));
}
