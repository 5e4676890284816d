import { readAiSdkResult } from '../answers/ai-sdk.ts';
import type { StreamReader } from '../answers/answer-reading.ts';
import type { CallSpan } from '../call-span.ts';
import { defined, type Fields } from '../values.ts';
import { keepWith, type Watcher } from './watch.ts';

/** Every way to read such a result (its promises, its Responses) goes through one of these two. */
const STREAMS = ['fullStream', 'textStream'];

/** A result of the AI SDK's streamText: an object of streams and promises. */
export function isAiSdkStream(answer: object): boolean {
  return STREAMS.every((name) => name in answer);
}

/** Puts a look-through before the result's streams. Touches none of its promises before a stream has ended: that would start it. */
export function followAiSdkStream(
  result: object,
  call: CallSpan,
  reader: StreamReader,
  watcher: Watcher,
): void {
  const ended: Watcher = { ...watcher, done: () => void settle(result as Fields, call, reader) };
  for (const name of STREAMS) {
    const get = () => lookThrough(Reflect.get(Object.getPrototypeOf(result), name, result), result, ended);
    Object.defineProperty(result, name, { get, configurable: true });
  }
}

function lookThrough(stream: unknown, result: object, watcher: Watcher): unknown {
  if (!(stream instanceof ReadableStream)) return stream;
  const through = stream.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        watcher.chunk(chunk);
        controller.enqueue(chunk);
      },
      flush: () => watcher.done(),
      cancel: () => watcher.left(),
    }),
  );
  keepWith(through, result);
  return through;
}

const PROMISES = ['usage', 'totalUsage', 'finishReason', 'response', 'providerMetadata'];

/** A text stream names no tokens; the promises beside it do, now that it has ended. */
async function settle(result: Fields, call: CallSpan, reader: StreamReader): Promise<void> {
  const reading = reader.reading();
  const ended_ms = Date.now();
  if (reading.finish_reasons || reading.error_type) return call.end(reading);
  try {
    const values = await Promise.all(PROMISES.map(async (name) => [name, await result[name]]));
    const settled = readAiSdkResult(Object.fromEntries(values));
    call.end({ ...reading, ...defined(settled ?? {}) }, ended_ms);
  } catch (error) {
    call.fail(error, reading);
  }
}
