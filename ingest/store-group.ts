/** Stores a group of messages whatever happens: retries what may pass, singles out what never will. */
import { decide, type Health } from './decide.ts';
import { classify } from './failure.ts';

/** What storing needs of the world. All of it rejects once the process has to stop, and so does storeGroup. */
export interface StoreSteps<Message> {
  insert(messages: Message[]): Promise<void>;
  probe(): Promise<Health>;
  deadLetter(message: Message, error: unknown): Promise<void>;
  /** Waits before another try, longer with every failure since something was stored. */
  backOff(failures: number): Promise<void>;
  /** Tells of a failed insert; `failures` counts those since something was stored. */
  onFailure(error: unknown, failures: number, messages: number): void;
  stopping: AbortSignal;
}

interface Part<Message> {
  messages: Message[];
  strikes: number;
}

/** Resolves when each message is stored or dead-lettered; some may be stored more than once. */
export async function storeGroup<Message>(messages: Message[], steps: StoreSteps<Message>): Promise<void> {
  const parts: Part<Message>[] = [{ messages, strikes: 0 }];
  let failures = 0;
  for (let part = parts.shift(); part; part = parts.shift()) {
    try {
      await steps.insert(part.messages);
      failures = 0;
    } catch (error) {
      steps.stopping.throwIfAborted();
      steps.onFailure(error, ++failures, part.messages.length);
      const failure = classify(error);
      const several = part.messages.length > 1;
      const health = several && failure === 'unreadable' ? 'answers' : await steps.probe();
      const step = decide({ messages: part.messages.length, strikes: part.strikes, failure, health });
      if (step.do === 'dead_letter') {
        await steps.deadLetter(part.messages[0]!, error);
        failures = 0;
      } else if (step.do === 'split') {
        const middle = part.messages.length >> 1;
        parts.push({ messages: part.messages.slice(0, middle), strikes: step.strikes });
        parts.push({ messages: part.messages.slice(middle), strikes: step.strikes });
      } else {
        // Behind the others, which may be stored meanwhile and show that the fault is this one's.
        parts.push({ messages: part.messages, strikes: step.strikes });
        await steps.backOff(failures);
      }
    }
  }
}
