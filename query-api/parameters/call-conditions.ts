/** What a search for calls asks of them, every fault of it as a Problem. */
import type { KeyedHash } from '../../schemas/identity/keyed-hash.ts';
import type { CallConditions, ScoreCondition } from '../../schemas/queries/call-search.ts';
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { Problem } from '../problems.ts';
import { type Bounded, boundsOf } from './bounds.ts';
import { filtersOf, type UserIds } from './filters.ts';
import { idOf } from './ids.ts';
import { integersOf, type RawQuery, singleOf } from './query-string.ts';

/** What leads to the few hours that are searched: without `from` such a search looks at all that is kept. */
export const LED_BY = ['trace_id', 'prompt_hash', 'response_hash'] as const;

export const CONDITION_PARAMETERS: readonly string[] = [
  ...['min_duration_ms', 'max_duration_ms', 'min_cost_usd', 'max_cost_usd', 'http_status'],
  ...['score', 'min_score', 'max_score', ...LED_BY, 'text'],
  ...DIMENSION_NAMES,
];

/**
 * In characters. Texts shorter than this are in every payload, longer ones are nobody's search; scripts beyond ASCII have
 * words of two.
 */
export const TEXT_LENGTH = { least: 3, least_beyond_ascii: 2, most: 200 };
export const TEXT_LENGTHS = `${TEXT_LENGTH.least} to ${TEXT_LENGTH.most} characters, or ${TEXT_LENGTH.least_beyond_ascii} if any of them is not ASCII`;
export const HTTP_STATUS = { least: 100, most: 599 };

const amount = (name: string, what: string, most: number): Bounded => ({
  name,
  what: `${what}, at least 0`,
  least: 0,
  most,
  allowed: `0 to ${most}`,
});
const DURATION = amount('duration_ms', 'a number of milliseconds', 1e12);
const COST = amount('cost_usd', 'a number of US dollars', 1e9);
const SCORE: Bounded = {
  name: 'score',
  what: 'a number',
  least: -Number.MAX_VALUE,
  most: Number.MAX_VALUE,
  allowed: 'a number, such as -0.5',
};

export interface ConditionContext {
  project: Project;
  userIds: UserIds;
  keyedHash: KeyedHash | undefined;
}

/**
 * A hash may come as answers show it, or as the plain SHA-256 of the text, which is what a service can work out: both
 * are looked for, since nothing tells one from the other.
 */
export function storedHashes(hash: string, project: Project, keyedHash: KeyedHash | undefined): string[] {
  if (keyedHash === undefined) return [hash];
  return [hash, Buffer.from(keyedHash.ofSha256(project, Buffer.from(hash, 'hex'))).toString('hex')];
}

function hashesOf(raw: RawQuery, name: string, context: ConditionContext): string[] | undefined {
  const value = singleOf(raw, name);
  return value === undefined
    ? undefined
    : storedHashes(idOf(name, value, 64), context.project, context.keyedHash);
}

function textOf(raw: RawQuery): string | undefined {
  const text = singleOf(raw, 'text');
  if (text === undefined) return undefined;
  const { length } = [...text];
  const least = /\P{ASCII}/u.test(text) ? TEXT_LENGTH.least_beyond_ascii : TEXT_LENGTH.least;
  if (length < least || length > TEXT_LENGTH.most) {
    throw new Problem('invalid-parameter', {
      detail: `'text' must have ${TEXT_LENGTHS}; it has ${length}.`,
      parameter: 'text',
      received: text,
      allowed: [TEXT_LENGTHS],
    });
  }
  return text;
}

function scoreOf(raw: RawQuery): ScoreCondition | undefined {
  const name = singleOf(raw, 'score');
  const bounds = boundsOf(raw, SCORE);
  if (name) return { name, ...bounds };
  if (name === undefined && bounds === undefined) return undefined;
  throw new Problem('invalid-parameter', {
    detail:
      name === undefined
        ? "'min_score' and 'max_score' need the name of the scores: add 'score=<name>'."
        : "'score' must be the name of scores.",
    parameter: 'score',
    received: name ?? '',
    allowed: ['the name of scores, such as accuracy'],
  });
}

/** Throws Problem. */
export function conditionsOf(raw: RawQuery, context: ConditionContext): CallConditions {
  const duration_ms = boundsOf(raw, DURATION);
  const cost_usd = boundsOf(raw, COST);
  const http_statuses = integersOf(raw, 'http_status', HTTP_STATUS.least, HTTP_STATUS.most);
  const score = scoreOf(raw);
  const trace_id = singleOf(raw, 'trace_id');
  const prompt_hashes = hashesOf(raw, 'prompt_hash', context);
  const response_hashes = hashesOf(raw, 'response_hash', context);
  const text = textOf(raw);
  return {
    filters: filtersOf(raw, context.project, context.userIds),
    ...(duration_ms === undefined ? {} : { duration_ms }),
    ...(cost_usd === undefined ? {} : { cost_usd }),
    ...(http_statuses.length === 0 ? {} : { http_statuses }),
    ...(score === undefined ? {} : { score }),
    ...(trace_id === undefined ? {} : { trace_id: idOf('trace_id', trace_id, 32) }),
    ...(prompt_hashes === undefined ? {} : { prompt_hashes }),
    ...(response_hashes === undefined ? {} : { response_hashes }),
    ...(text === undefined ? {} : { text }),
  };
}
