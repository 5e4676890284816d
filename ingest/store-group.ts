/** Stores a group of messages whatever happens: retries what may pass, singles out what never will. */
import { PermanentError, WarehouseError } from '../schemas/seams.ts';
import { decide, type Health } from './decide.ts';
import { classify } from './failure.ts';

/** What storing needs of the world. All of it rejects once the process has to stop, and so does storeGroup. */
export interface StoreSteps<Message> {
  insert(messages: Message[]): Promise<void>;
  probe(): Promise<Health>;
  deadLetter(message: Message, error: unknown): Promise<void>;
  /** Waits before the same insert is tried again; `waits` counts this time and those before it. */
  backOff(waits: number): Promise<void>;
  onFailure(error: unknown, messages: number): void;
  stopping: AbortSignal;
}

interface Part<Message> {
  messages: Message[];
  strikes: number;
  waits: number;
}

/** Resolves when each message is stored or dead-lettered; some may be stored more than once. */
export async function storeGroup<Message>(messages: Message[], steps: StoreSteps<Message>): Promise<void> {
  const parts: Part<Message>[] = [{ messages, strikes: 0, waits: 0 }];
  for (let part = parts.shift(); part; part = parts.shift()) {
    try {
      await steps.insert(part.messages);
    } catch (error) {
      steps.stopping.throwIfAborted();
      // A fault of our own says nothing about a message: the messages come again, and none is given up for it.
      if (!(error instanceof WarehouseError || error instanceof PermanentError)) throw error;
      steps.onFailure(error, part.messages.length);
      const failure = classify(error);
      const several = part.messages.length > 1;
      const health = several && failure === 'unreadable' ? 'answers' : await steps.probe();
      const step = decide({ messages: part.messages.length, strikes: part.strikes, failure, health });
      if (step.do === 'dead_letter') {
        await steps.deadLetter(part.messages[0]!, error);
      } else if (step.do === 'split') {
        const middle = part.messages.length >> 1;
        for (const half of [part.messages.slice(0, middle), part.messages.slice(middle)]) {
          parts.push({ messages: half, strikes: step.strikes, waits: 0 });
        }
      } else {
        // Behind the others, which may be stored meanwhile and show that the fault is this one's.
        const waits = part.waits + (step.wait ? 1 : 0);
        parts.push({ messages: part.messages, strikes: step.strikes, waits });
        if (step.wait) await steps.backOff(waits);
      }
    }
  }
}
