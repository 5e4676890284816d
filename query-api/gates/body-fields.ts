/** Reads fields of a JSON body one by one; a fault is a Problem that names the place, as in `config.route`. */
import { nearestOf } from '../nearest.ts';
import { Problem } from '../problems.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const shown = (value: unknown): string => (value === undefined ? 'nothing' : (JSON.stringify(value) ?? ''));

/** The problem of a value that may not stand at `place`. */
export function invalidField(
  place: string,
  value: unknown,
  allowed: readonly string[],
  detail?: string,
): Problem {
  return new Problem('invalid-body', {
    detail: detail ?? `'${place}' must be ${allowed.join(' or ')}.`,
    parameter: place,
    received: shown(value),
    allowed,
  });
}

/** Where `known` is given, an object has no other fields. */
export function objectOf(value: unknown, place: string, known?: readonly string[]): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidField(place, value, ['an object']);
  }
  for (const name of Object.keys(value)) {
    if (!known || known.includes(name)) continue;
    throw new Problem('invalid-body', {
      detail: `There is no field '${name.slice(0, 100)}' in '${place}'.`,
      parameter: place === 'body' ? name : `${place}.${name}`,
      allowed: known,
      nearest: nearestOf(name, known),
    });
  }
  return value as JsonObject;
}

export function textOf(value: unknown, place: string, most = 200): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= most) return value;
  throw invalidField(place, value, [`a text of 1 to ${most} characters`]);
}

/** Undefined where it is absent. */
export function numberOf(
  value: unknown,
  place: string,
  least: number,
  most: number,
  whole = false,
): number | undefined {
  if (value === undefined) return undefined;
  const fits =
    typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value));
  if (fits) return value;
  throw invalidField(place, value, [`a ${whole ? 'whole ' : ''}number from ${least} to ${most}`]);
}
