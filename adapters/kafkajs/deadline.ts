import { UnavailableError } from '../../schemas/seams.ts';

/**
 * Settles as `work` does, or rejects with UnavailableError after `timeout_ms`. The work goes on unheard,
 * so whatever it holds must be bounded by its owner.
 */
export async function withDeadline<T>(work: Promise<T>, timeout_ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const reason = () => reject(new UnavailableError(`${what}: no answer within ${timeout_ms} ms`));
    timer = setTimeout(reason, timeout_ms);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
