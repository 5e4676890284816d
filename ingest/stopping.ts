import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 250;
const LONGEST_MS = 15_000;

/** Waits before another try: twice as long with each failure, of which a random half is taken off. */
export async function backOff(failures: number, stopping: AbortSignal): Promise<void> {
  const longest_ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
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
