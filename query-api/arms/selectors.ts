/** `dimension:value` terms, separated by commas, all of which hold for a call of the arm; `\,` is a comma of a value. */
import { DIMENSION_NAMES, type DimensionName } from '../../schemas/queries/dimensions.ts';
import type { Filter } from '../../schemas/queries/filters.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { nearestOf } from '../nearest.ts';
import { filtersOf, type UserIds } from '../parameters/filters.ts';
import { Problem } from '../problems.ts';

const MOST_TERMS = 10;

/** What a selector may name, for messages. */
const FORM = 'dimension:value, such as model:small-chat-v1 or variant:canary,service:checkout';

/** Throws a Problem that names `parameter`. */
export function selectorOf(parameter: string, text: string, project: Project, userIds: UserIds): Filter[] {
  const terms = text.split(/(?<!\\),/).map((term) => term.replaceAll('\\,', ','));
  const problem = (detail: string, more: { allowed: readonly string[]; nearest?: string | undefined }) =>
    new Problem('invalid-parameter', { detail, parameter, received: text, ...more });
  if (terms.length > MOST_TERMS) {
    throw problem(`'${parameter}' has ${terms.length} terms.`, { allowed: [`1 to ${MOST_TERMS} terms`] });
  }
  return terms.flatMap((term) => {
    const colon = term.indexOf(':');
    const name = term.slice(0, Math.max(0, colon)).trim();
    if (colon === -1) {
      throw problem(`'${parameter}' selects by dimension and value, with a colon between them.`, {
        allowed: [FORM],
      });
    }
    if (!(DIMENSION_NAMES as string[]).includes(name)) {
      throw problem(`'${parameter}' selects by '${name.slice(0, 100)}', which is no dimension.`, {
        allowed: DIMENSION_NAMES,
        nearest: nearestOf(name, DIMENSION_NAMES),
      });
    }
    try {
      return filtersOf({ [name as DimensionName]: term.slice(colon + 1).trim() }, project, userIds);
    } catch (error) {
      if (error instanceof Problem) throw new Problem(error.type, { ...error.details, parameter });
      throw error;
    }
  });
}
