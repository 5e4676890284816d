import { guarded } from '../guard.ts';

/** Hears what passes through an iterator. */
export interface Watcher {
  chunk(chunk: unknown): void;
  done(): void;
  /** The consumer left early: `break`, `return`, a throw in its loop. */
  left(): void;
  failed(error: unknown): void;
}

type Method = (...args: unknown[]) => unknown;

// A loop holds the iterator and not the stream it came from; as long as it runs, the stream is not abandoned.
const sources = new WeakMap<object, object>();
const watched = new WeakSet<object>();

/** Keeps `source` from being collected as long as `derived` is reachable. */
export function keepWith(derived: object, source: object): void {
  sources.set(derived, source);
}

/**
 * Watches an async iterable by its own methods: the object stays the caller's, with its identity, its
 * private fields and everything else on it; also its own methods that iterate (`toReadableStream`, `tee`)
 * pass here. A proxy would break the former or miss the latter.
 */
export function watchIterable(iterable: object, watcher: Watcher): void {
  // A generator is its own iterator, and may be driven by `next` alone.
  if (typeof Reflect.get(iterable, 'next') === 'function') watchIterator(iterable, iterable, watcher);
  else watchIterators(iterable, Symbol.asyncIterator, watcher);
}

/** Watches every iterator that a method of `iterable` makes. */
export function watchIterators(iterable: object, method: PropertyKey, watcher: Watcher): void {
  replaceMethod(iterable, method, (original) => (...args) => {
    const iterator = original(...args);
    guarded(() => watchIterator(iterator as object, iterable, watcher));
    return iterator;
  });
}

/** Watches one iterator; a second time does nothing. */
function watchIterator(iterator: object, source: object, watcher: Watcher): void {
  if (watched.has(iterator)) return;
  watched.add(iterator);
  if (iterator !== source) keepWith(iterator, source);
  replaceMethod(
    iterator,
    'next',
    (original) =>
      (...args) =>
        observe(() => original(...args), watcher),
  );
  replaceMethod(iterator, 'return', (original) => (...args) => {
    watcher.left();
    return original(...args);
  });
  replaceMethod(iterator, 'throw', (original) => (...args) => {
    watcher.failed(args[0]);
    return original(...args);
  });
}

function observe(step: () => unknown, watcher: Watcher): unknown {
  let result: unknown;
  try {
    result = step();
  } catch (error) {
    watcher.failed(error);
    throw error;
  }
  return Promise.resolve(result as Promise<IteratorResult<unknown>>).then(
    (taken) => {
      if (taken.done) watcher.done();
      else watcher.chunk(taken.value);
      return taken;
    },
    (error) => {
      watcher.failed(error);
      throw error;
    },
  );
}

/** Puts a method of ours before an object's own one. Does nothing where there is none; throws if the object is frozen. */
export function replaceMethod(object: object, name: PropertyKey, wrap: (original: Method) => Method): void {
  const method: unknown = Reflect.get(object, name);
  if (typeof method !== 'function') return;
  const value = wrap((...args) => Reflect.apply(method, object, args));
  Object.defineProperty(object, name, { value, configurable: true, writable: true, enumerable: false });
}
