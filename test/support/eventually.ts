import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 100;

/** Tries `check` until it does not throw, and gives what it gave. Throws its last error when the time is over. */
export async function eventually<T>(check: () => T | Promise<T>, timeout_ms: number): Promise<T> {
  const deadline = performance.now() + timeout_ms;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(PAUSE_MS);
  }
}
