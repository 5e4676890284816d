/** Reading values whose types nobody vouches for: answers of other people's libraries. */

export type Fields = Record<string, unknown>;

/** The value as an object with fields; undefined for anything else, arrays included. */
export function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A string that is not empty. */
export function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function strings(value: unknown): string[] | undefined {
  const found = list(value).filter((item): item is string => string(item) !== undefined);
  return found.length > 0 ? found : undefined;
}

/** A finite number of at least 0, given as a number or as decimal digits. */
export function amount(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** A whole number of at least 0: tokens, retries. */
export function count(value: unknown): number | undefined {
  const number = amount(value);
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
}

/** The sum of the counts that are known; undefined when none is. */
export function sum(...counts: (number | undefined)[]): number | undefined {
  const known = counts.filter((value) => value !== undefined);
  return known.length > 0 ? known.reduce((total, value) => total + value, 0) : undefined;
}

/** The record without its undefined fields, so that merging it erases nothing. */
export function defined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
