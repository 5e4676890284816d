import type { StreamReader } from '../answers/answer-reading.ts';
import { streamReader } from '../answers/read-answer.ts';
import type { CallSpan } from '../call-span.ts';
import { fields } from '../values.ts';
import { endWhenAbandoned } from './abandoned.ts';
import { followAiSdkStream, isAiSdkStream } from './ai-sdk-stream.ts';
import { followResponse } from './follow-response.ts';
import { followHelperStream, isHelperStream } from './helper-stream.ts';
import { watchReadable } from './readable-stream.ts';
import { type Watcher, watchIterable, watchIterators } from './watch.ts';

/** Who follows a stream: it is watched once, whoever else tells of the same exchange. */
const followed = new WeakMap<object, CallSpan[]>();

/**
 * Follows an answer that is a stream, so that the call's span ends with it. True when the answer is one;
 * the span is then the stream's to end. The answer stays the same object.
 */
export function followStream(answer: unknown, call: CallSpan): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const others = followed.get(answer);
  if (others) {
    others.push(call);
    return true;
  }
  const calls = [call];
  const reader = streamReader();
  if (answer instanceof Response) return followResponse(answer, call);
  if (isHelperStream(answer)) followHelperStream(answer, streamWatcher(answer, calls, reader));
  else if (isAiSdkStream(answer)) followAiSdkStream(answer, call);
  else if (answer instanceof ReadableStream) watchReadable(answer, streamWatcher(answer, calls, reader));
  else if (isModelStream(answer)) watchReadable(answer.stream, streamWatcher(answer, calls, reader));
  else if (Symbol.asyncIterator in answer) followIterable(answer, streamWatcher(answer, calls, reader));
  else return false;
  followed.set(answer, calls);
  call.markStream();
  for (const stream of isModelStream(answer) ? [answer.stream] : [answer]) {
    endWhenAbandoned(stream, call, () => reader.reading());
  }
  return true;
}

/** What the AI SDK's models answer to `doStream`. */
function isModelStream(answer: object): answer is { stream: ReadableStream } {
  return fields(answer)?.stream instanceof ReadableStream;
}

function followIterable(stream: object, watcher: Watcher): void {
  // In the SDKs' streams everything reads from this function: `tee` too, which passes by the public iterator.
  if (Object.hasOwn(stream, 'iterator')) watchIterators(stream, 'iterator', watcher);
  else watchIterable(stream, watcher);
}

function streamWatcher(stream: object, calls: CallSpan[], reader: StreamReader): Watcher {
  const signal = fields(fields(Reflect.get(stream, 'controller'))?.signal);
  const [first] = calls;
  let hasToken = false;
  return {
    chunk(chunk) {
      first?.touch();
      if (take(reader, chunk) && !hasToken) {
        hasToken = true;
        for (const call of calls) call.markFirstToken();
      }
    },
    done() {
      // The SDKs end an aborted stream as if it were complete.
      const reading = reader.reading();
      if (signal?.aborted) reading.error_type = 'AbortError';
      for (const call of calls) call.end(reading);
    },
    left() {
      for (const call of calls) call.end(reader.reading());
    },
    failed(error) {
      for (const call of calls) call.fail(error, reader.reading());
    },
  };
}

function take(reader: StreamReader, chunk: unknown): boolean {
  try {
    return reader.take(chunk);
  } catch {
    return false;
  }
}
