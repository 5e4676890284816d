/** The body of a gate's evaluation, every fault of it as a Problem. Pure. */
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import type { Filter } from '../../schemas/queries/filters.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { filtersOf, type UserIds } from '../parameters/filters.ts';
import { type Window, windowOf } from '../parameters/window.ts';
import { Problem } from '../problems.ts';
import { invalidField, type JsonObject, numberOf, objectOf, textOf } from './body-fields.ts';
import { type Criterion, parseCriterion } from './criteria.ts';

export const DEFAULT_MIN_CALLS = 100;
const MOST_CRITERIA = 20;

export interface GateRequest {
  window: Window;
  filters: Filter[];
  criteria: Criterion[];
  baseline: Filter[];
  candidate: Filter[];
  /** Calls of each arm before which nothing is promoted. */
  min_calls: number;
}

/** Teams write `openai/gpt-4o` where calls are stored as `gpt-4o`: any of the names is meant, the whole one first. */
function namesOf(model: string): string[] {
  const parts = model.split('/');
  return parts.map((_part, index) => parts.slice(index).join('/')).filter((name) => name !== '');
}

const modelFilter = (is: string[]): Filter => ({ dimension: 'model', is, not: [] });
const variantFilter = (...is: string[]): Filter => ({ dimension: 'variant', is, not: [] });

/** No call is in both: one model under two names is told apart by its variants, two models by what only one is called. */
function armsOf(default_model: string, model: string): Pick<GateRequest, 'baseline' | 'candidate'> {
  const [names, candidateNames] = [namesOf(default_model), namesOf(model)];
  const notCanary = variantFilter('', 'baseline');
  if (names.includes(model) || candidateNames.includes(default_model)) {
    const either = modelFilter([...new Set([...names, ...candidateNames])]);
    return { baseline: [either, notCanary], candidate: [either, variantFilter('canary')] };
  }
  return {
    baseline: [modelFilter(names.filter((name) => !candidateNames.includes(name))), notCanary],
    candidate: [modelFilter(candidateNames.filter((name) => !names.includes(name)))],
  };
}

/** What of a body stands for a parameter of a query string. */
function asParameter(value: unknown, place: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw invalidField(place, value, ['a text', 'a number']);
}

function filtersIn(value: unknown, project: Project, userIds: UserIds): Filter[] {
  if (value === undefined) return [];
  const raw: Record<string, string[]> = {};
  for (const [name, wanted] of Object.entries(objectOf(value, 'filters', DIMENSION_NAMES))) {
    const list = Array.isArray(wanted) ? wanted : [wanted];
    if (list.length === 0 || !list.every((item) => typeof item === 'string')) {
      throw invalidField(`filters.${name}`, wanted, ['a text', 'a list of texts']);
    }
    raw[name] = list;
  }
  try {
    return filtersOf(raw, project, userIds);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.type, { ...error.details, parameter: `filters.${error.details.parameter}` });
  }
}

function criteriaIn(canary: JsonObject): Criterion[] {
  const place = 'config.route.canary.criteria';
  const list = canary.criteria;
  if (!Array.isArray(list) || list.length === 0 || list.length > MOST_CRITERIA) {
    throw invalidField(place, list, [`a list of 1 to ${MOST_CRITERIA} criteria`]);
  }
  return list.map((text, index) => parseCriterion(textOf(text, `${place}[${index}]`), `${place}[${index}]`));
}

/** The config may hold more than is read here: it is the one that the router has. Throws Problem. */
export function parseGateRequest(
  body: unknown,
  { project, userIds, now_ms }: { project: Project; userIds: UserIds; now_ms: number },
): GateRequest {
  const { config, from, to, filters, min_calls } = objectOf(body, 'body', [
    'config',
    'from',
    'to',
    'filters',
    'min_calls',
  ]);
  const route = objectOf(objectOf(config, 'config').route, 'config.route');
  const canary = objectOf(route.canary, 'config.route.canary');
  const default_model = textOf(route.default_model, 'config.route.default_model');
  const model = textOf(canary.model, 'config.route.canary.model');
  numberOf(canary.percentage, 'config.route.canary.percentage', 0, 100);
  const criteria = criteriaIn(canary);
  const times = Object.entries({ from: asParameter(from, 'from'), to: asParameter(to, 'to') });
  const window = windowOf(Object.fromEntries(times.filter(([, text]) => text !== undefined)), now_ms);
  return {
    window,
    filters: filtersIn(filters, project, userIds),
    criteria,
    ...armsOf(default_model, model),
    min_calls: numberOf(min_calls, 'min_calls', 1, 1_000_000, true) ?? DEFAULT_MIN_CALLS,
  };
}
