import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** Waits before another try: twice as long each time, of which up to half is taken off at random. */
export async function backOff(waits: number, stopping: AbortSignal): Promise<void> {
  const longest_ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(waits - 1, 10));
  await sleep(longest_ms * (0.5 + Math.random() / 2), undefined, { signal: stopping });
}

/** The outcome of `work`, or the signal's reason as soon as that is aborted; `work` is then left to itself. */
export async function unlessStopped<T>(work: () => Promise<T>, stopping: AbortSignal): Promise<T> {
  stopping.throwIfAborted();
  const stopped = Promise.withResolvers<never>();
  const onAbort = () => stopped.reject(stopping.reason);
  stopping.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(), stopped.promise]);
  } finally {
    stopping.removeEventListener('abort', onAbort);
  }
}
