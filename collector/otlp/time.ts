/** Unsigned 64-bit nanoseconds held as two 32-bit halves, turned into the units of the record without bigint. */

const TWO_32 = 4_294_967_296;
const NS_PER_MS = 1_000_000;
const NS_PER_US = 1_000;
/** 2^32 ns are this many whole microseconds and 296 ns. */
const US_PER_HIGH = 4_294_967;
const NS_REST_PER_HIGH = 296;

/** Whole microseconds, rounded down; exact for times before the year 2255. */
export function microseconds(hi: number, lo: number): number {
  return hi * US_PER_HIGH + Math.floor((hi * NS_REST_PER_HIGH + lo) / NS_PER_US);
}

/** End minus start in milliseconds; exact to the nanosecond up to 104 days, negative when the end comes first. */
export function millisecondsBetween(startHi: number, startLo: number, endHi: number, endLo: number): number {
  return ((endHi - startHi) * TWO_32 + (endLo - startLo)) / NS_PER_MS;
}
