/**
 * Runs code of ours inside a caller's request. Measuring must never break what it measures, so
 * whatever goes wrong in here is dropped and `undefined` comes back.
 */
export function guarded<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
