/** How long a signal waits for the last spans. */
const SIGNAL_FLUSH_MS = 2_000;

/**
 * Calls `flush` when the process is about to leave: out of work, or told to by a signal. Afterwards the
 * signal does what it would have done: where the application listens too, leaving is its business; where
 * nobody else does, the signal is sent again with its default in force. A second signal does not wait.
 */
export function flushBeforeLeaving(flush: () => Promise<void>): void {
  process.on('beforeExit', () => void flush());
  // First in line, since a `once` listener of the application is gone from the list when it has run.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.prependListener(signal, onSignal);

  function onSignal(signal: NodeJS.Signals): void {
    const alone = process.listenerCount(signal) === 1;
    if (alone) process.off(signal, onSignal);
    const flushed = Promise.race([flush(), sleep(SIGNAL_FLUSH_MS)]);
    if (alone) void flushed.then(() => process.kill(process.pid, signal));
  }
}

function sleep(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms).unref());
}
