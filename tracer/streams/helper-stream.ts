import { fields } from '../values.ts';
import { replaceMethod, type Watcher, watchIterable } from './watch.ts';

/** The SDKs' stream helpers (`messages.stream()`, `chat.completions.stream()`, `responses.stream()`). */
interface HelperStream {
  on(event: string, listener: (value: unknown) => void): unknown;
  aborted?: boolean;
  errored?: boolean;
}

const FINAL_METHODS = ['finalMessage', 'finalChatCompletion', 'finalResponse'];
const CHUNK_EVENTS = ['chunk', 'streamEvent', 'event'];

export function isHelperStream(answer: object): answer is HelperStream {
  const helper = fields(answer);
  return typeof helper?.on === 'function' && FINAL_METHODS.some((name) => typeof helper[name] === 'function');
}

/**
 * Follows a helper by its events, since it runs whether or not somebody iterates. Listens to no `error` and
 * no `abort`: a listener there would silence the rejection that the SDK raises when nobody handles a failure.
 */
export function followHelperStream(stream: HelperStream, watcher: Watcher): void {
  let left = false;
  let failure: unknown;
  replaceMethod(stream, '_emit', (original) => (...args) => {
    if (args[0] === 'error' || args[0] === 'abort') failure = args[1];
    return original(...args);
  });
  watchIterable(stream, {
    chunk() {},
    done() {},
    left() {
      left = true;
    },
    failed(error) {
      failure = error;
    },
  });
  for (const event of CHUNK_EVENTS) stream.on(event, (chunk) => watcher.chunk(chunk));
  stream.on('end', () => {
    if (left) watcher.left();
    else if (failure || stream.errored || stream.aborted) watcher.failed(failure);
    else watcher.done();
  });
}
