/** What every method here answers. */

/** Both ends known; an open end is an infinity. */
export interface Interval {
  low: number;
  high: number;
}

/** A value of one arm with what is known about it. */
export interface Estimate {
  /** Null where there is nothing to make it of. */
  value: number | null;
  /** Null where too little is known, for the `reason`. */
  interval: Interval | null;
  /** Observations that the value is made of. */
  n: number;
  /** Why there is no value or no interval; null where there are both. */
  reason: string | null;
}
