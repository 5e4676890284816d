/** The query string of a comparison, every fault of it as a Problem. Pure. */
import type { Arm } from '../../schemas/queries/arms/compared-arms.ts';
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import type { Filter } from '../../schemas/queries/filters.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { selectorOf } from '../arms/selectors.ts';
import { FORMATS, type Format } from '../formats.ts';
import { filtersOf, type UserIds } from '../parameters/filters.ts';
import { choiceOf, type RawQuery, refuseUnknown, singleOf, valuesOf } from '../parameters/query-string.ts';
import { windowOf } from '../parameters/window.ts';
import { Problem } from '../problems.ts';

export const MOST_CANDIDATES = 4;
export const MOST_SCORES = 5;

export const COMPARE_PARAMETERS: readonly string[] = [
  ...[
    'baseline',
    'candidate',
    'from',
    'to',
    'baseline_from',
    'baseline_to',
    'candidate_from',
    'candidate_to',
  ],
  ...['score', 'format', ...DIMENSION_NAMES],
];

export interface ComparedArm extends Arm {
  /** As it was asked for. */
  selector_text: string;
}

export interface CompareRequest {
  /** The first is the baseline. */
  arms: ComparedArm[];
  filters: Filter[];
  scores: string[];
  format: Format;
}

function countedValues(raw: RawQuery, name: string, least: number, most: number, what: string): string[] {
  const values = [...new Set(valuesOf(raw, name))];
  if (values.length >= least && values.length <= most && !values.includes('')) return values;
  const fault = values.includes('') ? 'an empty one came' : `${values.length} came`;
  throw new Problem('invalid-parameter', {
    detail: `'${name}' is ${what}: ${values.length === 0 ? 'it is missing' : fault}.`,
    parameter: name,
    received: values.join(' '),
    allowed: [most === 1 ? 'one value' : `${least} to ${most} values`],
  });
}

/** No call has two values of a dimension, other than slices: an arm that asks for them was meant as "either". */
function refuseContradiction(role: string, text: string, selector: readonly Filter[]): void {
  const asked = selector.filter(({ is, dimension }) => is.length > 0 && dimension !== 'slice');
  const twice = asked.find(
    ({ dimension, is }, index) =>
      index > 0 &&
      asked.slice(0, index).some((one) => one.dimension === dimension && String(one.is) !== String(is)),
  );
  if (!twice) return;
  throw new Problem('invalid-parameter', {
    detail: `'${role}' asks for two values of '${twice.dimension}' at once, which no call has: a comma means and.`,
    parameter: role,
    received: text,
    allowed: [`one value of '${twice.dimension}'`, 'a candidate for each value'],
  });
}

/** Throws Problem. */
export function parseCompareRequest(
  raw: RawQuery,
  { project, userIds, now_ms }: { project: Project; userIds: UserIds; now_ms: number },
): CompareRequest {
  refuseUnknown(raw, COMPARE_PARAMETERS);
  const arm = (role: 'baseline' | 'candidate', text: string): ComparedArm => {
    const own = { from: `${role}_from`, to: `${role}_to` };
    const window = windowOf(raw, now_ms, {
      from: raw[own.from] === undefined ? 'from' : own.from,
      to: raw[own.to] === undefined ? 'to' : own.to,
    });
    const selector = selectorOf(role, text, project, userIds);
    refuseContradiction(role, text, selector);
    return { ...window, selector_text: text, selector };
  };
  singleOf(raw, 'baseline');
  const [baseline] = countedValues(raw, 'baseline', 1, 1, 'the arm that the others are compared with');
  const candidates = countedValues(
    raw,
    'candidate',
    1,
    MOST_CANDIDATES,
    'the arm, or up to four, to compare with the baseline',
  );
  return {
    arms: [arm('baseline', baseline!), ...candidates.map((text) => arm('candidate', text))],
    filters: filtersOf(raw, project, userIds),
    scores: countedValues(raw, 'score', 0, MOST_SCORES, 'the name of scores to compare'),
    format: choiceOf(raw, 'format', FORMATS) ?? 'json',
  };
}
