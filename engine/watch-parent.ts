/**
 * A worker thread of the engine's process. The engine blocks the main thread for good, so only this thread
 * can notice that the parent is gone: the pipe then ends, whatever killed the parent, and an engine left
 * behind would hold the data directory and the port against the next start.
 */
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

const PARENT_PIPE_FD = 3;

parentPort?.postMessage('watching');
const byte = Buffer.alloc(1);
try {
  while (readSync(PARENT_PIPE_FD, byte) > 0);
} finally {
  process.kill(process.pid, 'SIGKILL');
}
