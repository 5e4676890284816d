/** What to do after a failed insert: the one place that may decide to give a message up. Pure. */
import type { Failure } from './failure.ts';

/**
 * What the database can do right after the failure. `stores`: a good block was stored. `answers`: it takes an
 * insert without rows, no good block is at hand. `down`: neither.
 */
export type Health = 'stores' | 'answers' | 'down';

export interface Attempt {
  /** How many messages the failed insert held. */
  messages: number;
  /** How often this very set has failed before, while the database was well. */
  strikes: number;
  failure: Failure;
  health: Health;
}

export type Step =
  | { do: 'retry'; strikes: number; wait: boolean }
  | { do: 'split'; strikes: number }
  | { do: 'dead_letter' };

/** How often a failure must repeat before a set is split or a message given up. */
const STRIKES = { set: 3, unreadable_message: 2, unclear_message: 4 };

/**
 * A message is given up only when it has failed alone, repeatedly, while the database was well: for an unclear
 * failure that means that it stored something else at the time. A set of several is split, which loses nothing.
 */
export function decide({ messages, strikes, failure, health }: Attempt): Step {
  const alone = messages === 1;
  if (failure === 'unreadable' && !alone) return { do: 'split', strikes: 0 };
  if (health === 'down') return { do: 'retry', strikes, wait: true };
  if (failure === 'unclear' && alone && health !== 'stores') return { do: 'retry', strikes, wait: true };
  const struck = strikes + 1;
  const needed = alone ? STRIKES[`${failure}_message`] : STRIKES.set;
  if (struck < needed) {
    return { do: 'retry', strikes: struck, wait: failure === 'unclear' };
  }
  if (alone) return { do: 'dead_letter' };
  // Halves need no more proof than one failure to be split again, but a message has all its tries.
  return { do: 'split', strikes: messages > 3 ? STRIKES.set - 1 : 0 };
}
