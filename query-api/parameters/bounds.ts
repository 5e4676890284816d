/** `min_…` and `max_…` of a number that calls have, every fault of them as a Problem. */
import type { Bounds } from '../../schemas/queries/call-search.ts';
import { Problem } from '../problems.ts';
import { type RawQuery, singleOf } from './query-string.ts';

export interface Bounded {
  /** The parameters are `min_<name>` and `max_<name>`. */
  name: string;
  /** What a value is, after 'must be'. */
  what: string;
  least: number;
  most: number;
  allowed: string;
}

/** As people write numbers, and as JSON does. */
const NUMBER = /^-?\d{1,309}(\.\d{1,400})?(e[+-]?\d{1,3})?$/i;

function boundOf(
  raw: RawQuery,
  parameter: string,
  { what, least, most, allowed }: Bounded,
): number | undefined {
  const received = singleOf(raw, parameter);
  if (received === undefined) return undefined;
  const number = NUMBER.test(received) ? Number(received) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new Problem('invalid-parameter', {
    detail: `'${parameter}' must be ${what}.`,
    parameter,
    received,
    allowed: [allowed],
  });
}

/** Undefined where neither is given. Throws Problem. */
export function boundsOf(raw: RawQuery, bounded: Bounded): Bounds | undefined {
  const [lower, upper] = [`min_${bounded.name}`, `max_${bounded.name}`];
  const min = boundOf(raw, lower, bounded);
  const max = boundOf(raw, upper, bounded);
  if (min !== undefined && max !== undefined && min > max) {
    throw new Problem('invalid-parameter', {
      detail: `'${lower}' must not be above '${upper}'.`,
      parameter: lower,
      received: String(min),
      allowed: [`${bounded.least === -Number.MAX_VALUE ? 'at most' : `${bounded.least} to`} ${max}`],
    });
  }
  if (min === undefined && max === undefined) return undefined;
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
