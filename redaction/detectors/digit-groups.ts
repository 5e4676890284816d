import { DIGIT, is } from '../chars.ts';
import type { Scan } from '../scan.ts';

const MOST_GROUPS = 256;

/**
 * Groups of digits that one kind of separator joins, read once: each of them may open a number, and Luhn's sum from
 * any group to any other is then a subtraction.
 */
export class DigitGroups {
  /** How many groups there are; where each starts and ends (exclusive), and how many digits stand before it. */
  count = 0;
  readonly starts = new Int32Array(MOST_GROUPS);
  readonly ends = new Int32Array(MOST_GROUPS);
  readonly digits = new Int32Array(MOST_GROUPS + 1);
  /** Sums before each group if digits at even places count double (less nine above nine), or those at odd ones. */
  readonly #ifEven = new Int32Array(MOST_GROUPS + 1);
  readonly #ifOdd = new Int32Array(MOST_GROUPS + 1);
  #walk = -1;
  #separator = 0;
  /** More groups follow than there was room for. */
  #isCut = false;
  #cursor = 0;

  /** Number of the group that starts at `index`, where a group starts. Fewer than `ahead` may follow only at the run's end. */
  at(scan: Scan, index: number, separator: number, ahead: number): number {
    const isKnown =
      this.#walk === scan.walk &&
      this.#separator === separator &&
      this.count > 0 &&
      index >= this.starts[this.#cursor]! &&
      index <= this.starts[this.count - 1]!;
    if (isKnown) {
      while (this.starts[this.#cursor]! < index) this.#cursor++;
      const isEnough = !this.#isCut || this.count - this.#cursor > ahead;
      if (this.starts[this.#cursor] === index && isEnough) return this.#cursor;
    }
    this.#read(scan, index, separator);
    return 0;
  }

  #read(scan: Scan, index: number, separator: number): void {
    this.#walk = scan.walk;
    this.#separator = separator;
    this.#cursor = 0;
    let at = index;
    let place = 0;
    let ifEven = 0;
    let ifOdd = 0;
    let count = 0;
    for (;;) {
      this.starts[count] = at;
      for (let digit = scan.at(at) - 48; digit >= 0 && digit <= 9; digit = scan.at(++at) - 48) {
        const doubled = digit > 4 ? digit * 2 - 9 : digit * 2;
        const isEven = (place++ & 1) === 0;
        ifEven += isEven ? doubled : digit;
        ifOdd += isEven ? digit : doubled;
      }
      this.ends[count++] = at;
      this.digits[count] = place;
      this.#ifEven[count] = ifEven;
      this.#ifOdd[count] = ifOdd;
      this.#isCut = scan.at(at) === separator && is(scan.at(at + 1), DIGIT);
      if (!this.#isCut || count === MOST_GROUPS) break;
      at++;
    }
    this.count = count;
  }

  /** Luhn's check of the digits of the groups from `first` to `last`, both included. */
  isLuhn(first: number, last: number): boolean {
    // The last digit counts once, the one before it double, and so on.
    const sums = (this.digits[last + 1]! & 1) === 0 ? this.#ifEven : this.#ifOdd;
    return (sums[last + 1]! - sums[first]!) % 10 === 0;
  }
}
