/** Web streams: what passes through them is seen, and they stay the same object, as slow as their reader. */
import { guarded } from '../guard.ts';
import { replaceMethod, type Watcher, watchIterators } from './watch.ts';

type AnyReader = { read(...args: never[]): Promise<{ done: boolean; value?: unknown }> } & object;

/** Watches a stream that nobody reads yet, however it is going to be read. */
export function watchReadable(stream: ReadableStream, watcher: Watcher): void {
  replaceMethod(stream, 'getReader', (original) => (...args) => {
    const reader = original(...args) as AnyReader;
    guarded(() => watchReader(reader, watcher));
    return reader;
  });
  // Leaves the stream before it has ended; afterwards it says nothing new.
  replaceMethod(stream, 'cancel', (original) => (...args) => {
    watcher.left();
    return original(...args);
  });
  // An iterator of the stream's own class takes no reader that could be seen; others do.
  if (!Object.hasOwn(stream, Symbol.asyncIterator)) {
    watchIterators(stream, Symbol.asyncIterator, watcher);
    watchIterators(stream, 'values', watcher);
  }
  for (const name of ['pipeThrough', 'pipeTo', 'tee'] as const) {
    replaceMethod(stream, name, (original) => (...args) => {
      const seen = guarded(() => passOn(stream));
      return seen
        ? Reflect.apply(seen[name] as (...given: unknown[]) => unknown, seen, args)
        : original(...args);
    });
  }
}

function watchReader(reader: AnyReader, watcher: Watcher): void {
  replaceMethod(reader, 'read', (original) => async (...args) => {
    try {
      const taken = (await original(...args)) as { done: boolean; value?: unknown };
      if (taken.done) watcher.done();
      else watcher.chunk(taken.value);
      return taken;
    } catch (error) {
      watcher.failed(error);
      throw error;
    }
  });
  replaceMethod(reader, 'cancel', (original) => (...args) => {
    watcher.left();
    return original(...args);
  });
}

/** A stream of the same chunks that reads one when it is asked for one, and never ahead. */
function passOn(stream: ReadableStream): ReadableStream {
  const reader = stream.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
