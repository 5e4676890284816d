/**
 * `dimension=value` filters: repeated means or, a leading `!` means not, an empty value the absent one. `\!` begins a
 * value that begins with `!` itself.
 */
import type { KeyedHash } from '../../schemas/identity/keyed-hash.ts';
import { DIMENSION_NAMES, type DimensionName, dimensionOf } from '../../schemas/queries/dimensions.ts';
import type { Filter } from '../../schemas/queries/filters.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { Problem } from '../problems.ts';
import { notAllowed, type RawQuery, valuesOf } from './query-string.ts';

/** How the pipeline stores user ids, and with which key. */
export type UserIds = { stored: 'pseudonym'; keyedHash: KeyedHash } | { stored: 'raw' | 'drop' };

const MOST_VALUES = 100;
const PSEUDONYM = /^u_[0-9a-f]{32}$/;

/** The stored forms that a user's id may mean: answers show pseudonyms, so they are taken too. Throws Problem. */
export function storedUserIds(id: string, project: Project, userIds: UserIds): string[] {
  if (id === '' || userIds.stored === 'raw') return [id];
  if (userIds.stored === 'pseudonym') {
    const pseudonym = userIds.keyedHash.pseudonym(project, id);
    return PSEUDONYM.test(id) ? [pseudonym, id] : [pseudonym];
  }
  throw new Problem('invalid-parameter', {
    detail: 'User ids are not stored here (PLUMBLINE_USER_IDS is drop), so no call can be found by one.',
    parameter: 'user_id',
    received: '(a user id)',
    allowed: [''],
  });
}

function filterOf(name: DimensionName, values: string[], project: Project, userIds: UserIds): Filter {
  const { allowed } = dimensionOf(name);
  const filter = { dimension: name, is: [] as string[], not: [] as string[] };
  for (const value of values) {
    const negated = value.startsWith('!');
    const wanted = (negated ? value.slice(1) : value).replace(/^\\(?=\\*!)/, '');
    if (allowed && !allowed.includes(wanted)) throw notAllowed(name, value, allowed);
    const stored = name === 'user_id' ? storedUserIds(wanted, project, userIds) : [wanted];
    filter[negated ? 'not' : 'is'].push(...stored);
  }
  return filter;
}

/** Throws Problem. */
export function filtersOf(raw: RawQuery, project: Project, userIds: UserIds): Filter[] {
  return DIMENSION_NAMES.flatMap((name) => {
    const values = valuesOf(raw, name);
    if (values.length === 0) return [];
    if (values.length > MOST_VALUES) {
      throw new Problem('invalid-parameter', {
        detail: `'${name}' may be given at most ${MOST_VALUES} times, and came ${values.length} times.`,
        parameter: name,
        received: `${values.length} values`,
        allowed: [`1 to ${MOST_VALUES} values`],
      });
    }
    return [filterOf(name, values, project, userIds)];
  });
}
