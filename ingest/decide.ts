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
  | { do: 'retry'; strikes: number }
  | { do: 'split'; strikes: number }
  | { do: 'dead_letter' };

/** An unclear failure must repeat this often; an unreadable message is asked a second time, once it is alone. */
const UNCLEAR_STRIKES = 3;
const UNREADABLE_STRIKES = 2;

/**
 * A message is given up only when it has failed alone, repeatedly, while the database was well: for an unclear
 * failure that means that it stored something else at the time. A set of several is split, which loses nothing.
 */
export function decide({ messages, strikes, failure, health }: Attempt): Step {
  const alone = messages === 1;
  if (failure === 'unreadable' && !alone) return { do: 'split', strikes: 0 };
  if (health === 'down') return { do: 'retry', strikes };
  if (failure === 'unclear' && alone && health !== 'stores') return { do: 'retry', strikes };
  const struck = strikes + 1;
  if (struck < (failure === 'unreadable' ? UNREADABLE_STRIKES : UNCLEAR_STRIKES)) {
    return { do: 'retry', strikes: struck };
  }
  if (alone) return { do: 'dead_letter' };
  // The halves of a set that failed three times are split at once again, but one message has all its tries.
  return { do: 'split', strikes: messages > 3 ? UNCLEAR_STRIKES - 1 : 0 };
}
