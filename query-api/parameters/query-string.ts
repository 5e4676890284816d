/** Reads parameters of a query string one by one, and says precisely what is wrong with one. */
import { nearestOf } from '../nearest.ts';
import { Problem } from '../problems.ts';

export type RawQuery = Readonly<Record<string, string | string[] | undefined>>;

/** Throws the problem that names the first parameter the route does not have. */
export function refuseUnknown(raw: RawQuery, known: readonly string[]): void {
  for (const name of Object.keys(raw)) {
    if (known.includes(name)) continue;
    throw new Problem('unknown-parameter', {
      detail: `There is no parameter '${name.slice(0, 100)}' here.`,
      parameter: name,
      allowed: known,
      nearest: nearestOf(name, known),
    });
  }
}

/** All values given for the parameter. */
export function valuesOf(raw: RawQuery, name: string): string[] {
  const value = raw[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The one value of the parameter, undefined if it is not there. */
export function singleOf(raw: RawQuery, name: string): string | undefined {
  const values = valuesOf(raw, name);
  if (values.length > 1) {
    throw new Problem('repeated-parameter', {
      detail: `'${name}' takes one value, and ${values.length} came.`,
      parameter: name,
      received: values.join(', '),
    });
  }
  return values[0];
}

/** The problem of a value that is none of a few. */
export function notAllowed(parameter: string, received: string, allowed: readonly string[]): Problem {
  return new Problem('invalid-parameter', {
    detail: `'${parameter}' cannot be '${received.slice(0, 100)}'.`,
    parameter,
    received,
    allowed,
    nearest: nearestOf(received, allowed),
  });
}

/** One of a few values. */
export function choiceOf<T extends string>(
  raw: RawQuery,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value = singleOf(raw, name);
  if (value === undefined) return undefined;
  if (!(allowed as readonly string[]).includes(value)) throw notAllowed(name, value, allowed);
  return value as T;
}

/**
 * A list of known names, separated by commas or given by repeating the parameter, each kept once. Undefined if the
 * parameter is not there, empty if it is there without a name.
 */
export function listOf<T extends string>(
  raw: RawQuery,
  name: string,
  allowed: readonly T[],
): T[] | undefined {
  const values = valuesOf(raw, name);
  if (values.length === 0) return undefined;
  const items = values.flatMap((value) => (value.trim() === '' ? [] : value.split(',')));
  const names = new Set<T>();
  for (const item of items.map((text) => text.trim())) {
    if (!(allowed as readonly string[]).includes(item)) throw notAllowed(name, item, allowed);
    names.add(item as T);
  }
  return [...names];
}

function integer(received: string, name: string, least: number, most: number): number {
  const number = /^\d{1,15}$/.test(received) ? Number(received) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new Problem('invalid-parameter', {
    detail: `'${name}' must be a whole number from ${least} to ${most}.`,
    parameter: name,
    received,
    allowed: [`${least} to ${most}`],
  });
}

/** A whole number between `least` and `most`. */
export function integerOf(raw: RawQuery, name: string, least: number, most: number): number | undefined {
  const value = singleOf(raw, name);
  return value === undefined ? undefined : integer(value, name, least, most);
}

/** Whole numbers given by repeating the parameter, each kept once. */
export function integersOf(raw: RawQuery, name: string, least: number, most: number): number[] {
  return [...new Set(valuesOf(raw, name).map((value) => integer(value, name, least, most)))];
}
