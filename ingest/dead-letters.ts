/** Messages that can never be stored go to a topic of their own, with all that is known about why. */

import type { Log } from '../schemas/log.ts';
import { type Bus, type BusMessage, PermanentError, type ReceivedMessage } from '../schemas/seams.ts';
import { codeOf } from './failure.ts';
import { backOff, unlessStopped } from './stopping.ts';

/** `headers`: they say no block. `unreadable`: ClickHouse could not read it. `refused`: it failed alone, time and again. */
export type DeadReason = 'headers' | 'unreadable' | 'refused';

const MAX_ERROR_LENGTH = 1024;
const LOG_INTERVAL_MS = 1_000;

export interface DeadLettersOptions {
  bus: Bus;
  topic: string;
  log: Log;
  onSent(reason: DeadReason): void;
  stopping: AbortSignal;
}

/** Resolves once the message is in the dead-letter topic, however long that takes; rejects when stopping only. */
export type DeadLetters = (message: ReceivedMessage, reason: DeadReason, error: unknown) => Promise<void>;

export function createDeadLetters({ bus, topic, log, onSent, stopping }: DeadLettersOptions): DeadLetters {
  let logged_at_ms = 0;
  let unlogged = 0;

  const publish = async (letter: BusMessage, bare: BusMessage): Promise<void> => {
    for (let failures = 1; ; failures++) {
      try {
        return await unlessStopped(() => bus.publish(topic, letter), stopping);
      } catch (error) {
        stopping.throwIfAborted();
        if (error instanceof PermanentError && letter !== bare) return publish(bare, bare);
        if (failures === 1) log('warn', 'a dead letter cannot be sent, trying again', { topic, error });
        await backOff(failures, stopping);
      }
    }
  };

  return async (message, reason, error) => {
    const { topic: source_topic, partition: source_partition, offset: source_offset } = message;
    const sentence = error instanceof Error ? error.message : String(error);
    const code = codeOf(error);
    const why = {
      reason,
      code: code === undefined ? '' : String(code),
      error: sentence.slice(0, MAX_ERROR_LENGTH),
      source_topic,
      source_partition: String(source_partition),
      source_offset,
      dead_at: new Date().toISOString(),
    };
    // Where even the dead-letter topic has no room for the message, its place in the source topic must do.
    await publish(
      { value: message.value, headers: { ...message.headers, ...why } },
      { value: Buffer.alloc(0), headers: { ...why, body_omitted: 'true' } },
    );
    onSent(reason);
    unlogged++;
    if (Date.now() - logged_at_ms < LOG_INTERVAL_MS) return;
    log('error', 'messages were dead-lettered, the last as told', {
      messages: unlogged,
      ...why,
      dead_topic: topic,
    });
    logged_at_ms = Date.now();
    unlogged = 0;
  };
}
