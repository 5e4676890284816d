/** Ids and hashes in hex, as they stand in paths, query strings and bodies. */
import { Problem } from '../problems.ts';

/** In lower case. Throws the problem that names the parameter when it is not so many hex digits. */
export function idOf(parameter: string, received: string, digits: number): string {
  if (received.length === digits && /^[0-9a-f]+$/i.test(received)) return received.toLowerCase();
  throw new Problem('invalid-parameter', {
    detail: `'${parameter}' must be ${digits} hex digits.`,
    parameter,
    received,
    allowed: [`${digits} hex digits`],
  });
}
