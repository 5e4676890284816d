/** Equal shares of what a statement works on, so that its memory is bounded: each by a hash of a key. */

export interface Share {
  /** How many there are. */
  of: number;
  /** Which it is, from 0. */
  number: number;
}

export const WHOLE: Share = { of: 1, number: 0 };

export function sharesOf(of: number): Share[] {
  return Array.from({ length: of }, (_, number) => ({ of, number }));
}

/** Whether a row is of the share, by the columns or expressions `key`. */
export function inShare({ of, number }: Share, key: string): string {
  return of === 1 ? '1' : `cityHash64(${key}) % ${of} = ${number}`;
}
