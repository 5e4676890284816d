import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, UnavailableError } from '../../../schemas/seams.ts';
import { message, until } from './buses.ts';

export interface Ledger {
  acknowledged: Set<string>;
  /** Waits until a good number more are acknowledged. */
  acknowledgesAgain(): Promise<void>;
  stop(): Promise<void>;
}

/** Publishes numbered messages without pause from several callers, and notes which were acknowledged. */
export function startLedger(bus: Bus, topic: string): Ledger {
  const acknowledged = new Set<string>();
  let number = 0;
  let running = true;
  const callers = Array.from({ length: 4 }, async () => {
    while (running) {
      const value = String(number++);
      try {
        await bus.publish(topic, message(value));
        acknowledged.add(value);
      } catch (error) {
        assert.ok(error instanceof UnavailableError, String(error));
      }
      await sleep(5);
    }
  });
  return {
    acknowledged,
    async acknowledgesAgain() {
      const size = acknowledged.size;
      await until(() => acknowledged.size > size + 50);
    },
    async stop() {
      running = false;
      await Promise.all(callers);
    },
  };
}

export async function rejectsSoon(publish: Promise<void>): Promise<void> {
  const began = Date.now();
  await assert.rejects(publish, (error) => error instanceof UnavailableError && error.retry_after_s === 1);
  assert.ok(Date.now() - began < 2000, `took ${Date.now() - began} ms`);
}
