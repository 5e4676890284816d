/** Sends spans to a collector as fast as it takes them, from a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { startWorker } from './processes.ts';

export interface LoadOrder {
  /** Base URL of the collector. */
  url: string;
  spans_per_request: number;
  /** Requests under way at once. */
  concurrency: number;
  /** Each waits up to so long, at random, before its next: else all would be answered, and come again, together. */
  pause_ms?: number;
  /** Ends after so many acknowledged spans, */
  spans?: number;
  /** or after so many seconds. */
  seconds?: number;
}

export interface LoadResult {
  acknowledged: number;
  /** Requests that were answered with anything but 200; each was sent again. */
  refused: number;
  wall_s: number;
}

export interface Load {
  pid: number;
  send(order: LoadOrder): Promise<LoadResult>;
  stop(): void;
}

export function startLoad(): Load {
  const worker: ChildProcess = startWorker('./load-worker.ts');
  return {
    pid: worker.pid!,
    async send(order) {
      worker.send(order);
      const [result] = (await once(worker, 'message')) as [LoadResult];
      return result;
    },
    stop: () => worker.disconnect(),
  };
}
