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
  throw new Problem('invalid-parameter', {
    detail: `'${name}' is ${what}: ${values.length === 0 ? 'it is missing' : `${values.length} came`}.`,
    parameter: name,
    received: values.join(' '),
    allowed: [`${least} to ${most} values`],
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
    return { ...window, selector_text: text, selector: selectorOf(role, text, project, userIds) };
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
