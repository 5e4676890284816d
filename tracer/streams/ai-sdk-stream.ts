import { readAiSdkResult } from '../answers/ai-sdk.ts';
import type { StreamReader } from '../answers/answer-reading.ts';
import { streamReader } from '../answers/read-answer.ts';
import type { CallSpan } from '../call-span.ts';
import { guarded } from '../guard.ts';
import { defined, type Fields } from '../values.ts';
import { watchReadable } from './readable-stream.ts';
import { keepWith } from './watch.ts';

/** A result of the AI SDK's streamText: an object of streams and promises. */
export function isAiSdkStream(answer: object): boolean {
  return 'fullStream' in answer && 'textStream' in answer;
}

/**
 * Looks through the streams of a result. All other ways to read it (its promises, its Responses) begin at
 * one of these. Touches none of its promises before a stream has ended: that would start it.
 */
export function followAiSdkStream(result: object, call: CallSpan): void {
  // Since version 7 all streams come from `stream`; before, each comes from the provider's.
  for (const name of 'stream' in result ? ['stream'] : ['fullStream', 'textStream']) {
    const original = getterOf(result, name);
    if (!original) throw new TypeError(`The result's ${name} is not a getter`);
    const get = () => lookThrough(original.call(result), result as Fields, call);
    Object.defineProperty(result, name, { get, configurable: true });
  }
}

function getterOf(object: object, name: string): (() => unknown) | undefined {
  for (let owner: object | null = object; owner; owner = Object.getPrototypeOf(owner)) {
    const property = Object.getOwnPropertyDescriptor(owner, name);
    if (property) return property.get;
  }
  return undefined;
}

function lookThrough(stream: unknown, result: Fields, call: CallSpan): unknown {
  if (!(stream instanceof ReadableStream)) return stream;
  // One for each stream: reading the same call twice must not double its text.
  const reader = streamReader();
  watchReadable(stream, {
    chunk(chunk) {
      call.touch();
      if (guarded(() => reader.take(chunk))) call.markFirstToken();
    },
    done: () => void settle(result, call, reader),
    left: () => call.end(reader.reading()),
    failed: (error) => call.fail(error, reader.reading()),
  });
  keepWith(stream, result);
  return stream;
}

const PROMISES = ['usage', 'totalUsage', 'finishReason', 'response', 'providerMetadata'];

/** A text stream names no tokens; the promises beside it do, now that it has ended. */
async function settle(result: Fields, call: CallSpan, reader: StreamReader): Promise<void> {
  const reading = reader.reading();
  const ended_ms = Date.now();
  if (reading.finish_reasons || reading.error_type) return call.end(reading);
  try {
    const values = await Promise.all(PROMISES.map(async (name) => [name, await result[name]]));
    const settled = readAiSdkResult(Object.fromEntries(values)) ?? {};
    call.end({ ...reading, ...defined(settled) }, ended_ms);
  } catch (error) {
    call.fail(error, reading);
  }
}
