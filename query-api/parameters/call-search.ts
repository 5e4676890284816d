/** The query string of a search for calls, every fault of it as a Problem. */
import type { KeyedHash } from '../../schemas/identity/keyed-hash.ts';
import { KEY_FIELDS, SHOWN_FIELDS, USUAL_FIELDS } from '../../schemas/queries/call-columns.ts';
import { type CallConditions, LARGEST_FIRST, type LargestFirst } from '../../schemas/queries/call-search.ts';
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import type { Project } from '../../schemas/queries/project.ts';
import { type Cursor, decodeCursor, searchDigest } from '../cursor.ts';
import { FORMATS, type Format } from '../formats.ts';
import { Problem } from '../problems.ts';
import { DEFAULT_WINDOW_MS } from '../time.ts';
import { filtersOf, type UserIds } from './filters.ts';
import { idOf } from './ids.ts';
import { choiceOf, integerOf, listOf, type RawQuery, refuseUnknown, singleOf } from './query-string.ts';
import { DEFAULT_LIMIT, MOST_ROWS } from './rollup-request.ts';
import { type Window, windowOf } from './window.ts';

export const CALL_SEARCH_PARAMETERS: readonly string[] = [
  ...['from', 'to', 'min_duration_ms', 'max_duration_ms', 'trace_id', 'prompt_hash', 'response_hash', 'text'],
  ...['fields', 'order_by', 'cursor', 'limit', 'format'],
  ...DIMENSION_NAMES,
];

const MS_PER_DAY = 86_400_000;
/** What leads to the few hours that are searched: without `from` such a search looks at all that is kept. */
export const LED_BY = ['trace_id', 'prompt_hash', 'response_hash'] as const;

/** What a list can show of a call, in the order of the record; `payload` is what became of its texts. */
export const LIST_FIELDS = [...SHOWN_FIELDS, 'received_at', 'payload'] as const;
export type ListField = (typeof LIST_FIELDS)[number];
export const USUAL: readonly ListField[] = [...USUAL_FIELDS, 'payload'];
const ALL = 'all';

/** Newest first, or the largest of something; with the sign that rollups are ordered with as well. */
export const ORDERS = ['-started_at', ...LARGEST_FIRST.map((field) => `-${field}` as const)] as const;

/**
 * In characters. Texts shorter than this are in every payload, longer ones are nobody's search; scripts beyond ASCII have
 * words of two.
 */
export const TEXT_LENGTH = { least: 3, least_beyond_ascii: 2, most: 200 };
export const TEXT_LENGTHS = `${TEXT_LENGTH.least} to ${TEXT_LENGTH.most} characters, or ${TEXT_LENGTH.least_beyond_ascii} if any of them is not ASCII`;
const LONGEST_DURATION_MS = 1e12;

export interface CallSearchRequest {
  window: Window;
  conditions: CallConditions;
  /** In the order of the record, the key among them. */
  fields: readonly ListField[];
  largest_first: LargestFirst | undefined;
  after: Cursor['place'] | undefined;
  limit: number;
  format: Format;
  /** Names the search in the cursor of its next page. */
  digest: string;
}

export interface SearchContext {
  project: Project;
  userIds: UserIds;
  keyedHash: KeyedHash | undefined;
  now_ms: number;
  /** Days that calls are kept. */
  calls_days: number;
}

function durationOf(raw: RawQuery, name: string): number | undefined {
  const value = singleOf(raw, name);
  if (value === undefined) return undefined;
  const number = /^\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : Number.NaN;
  if (!(number <= LONGEST_DURATION_MS)) {
    throw new Problem('invalid-parameter', {
      detail: `'${name}' must be a number of milliseconds, at least 0.`,
      parameter: name,
      received: value,
      allowed: [`0 to ${LONGEST_DURATION_MS}, with up to 6 decimals`],
    });
  }
  return number;
}

/**
 * A hash may come as answers show it, or as the plain SHA-256 of the text, which is what a service can work out: both
 * are looked for, since nothing tells one from the other.
 */
export function storedHashes(hash: string, project: Project, keyedHash: KeyedHash | undefined): string[] {
  if (keyedHash === undefined) return [hash];
  return [hash, Buffer.from(keyedHash.ofSha256(project, Buffer.from(hash, 'hex'))).toString('hex')];
}

function hashesOf(raw: RawQuery, name: string, context: SearchContext): string[] | undefined {
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

function fieldsOf(raw: RawQuery): ListField[] {
  const asked: readonly string[] = listOf<string>(raw, 'fields', [...LIST_FIELDS, ALL]) ?? USUAL;
  const shown: readonly string[] = asked.includes(ALL) ? LIST_FIELDS : [...KEY_FIELDS, ...asked];
  return LIST_FIELDS.filter((field) => shown.includes(field));
}

/** Throws Problem. */
export function parseCallSearch(raw: RawQuery, context: SearchContext): CallSearchRequest {
  refuseUnknown(raw, CALL_SEARCH_PARAMETERS);
  const digest = searchDigest(raw);
  const isLed = LED_BY.some((name) => raw[name] !== undefined);
  const given = windowOf(
    raw,
    context.now_ms,
    { from: 'from', to: 'to' },
    isLed ? context.calls_days * MS_PER_DAY : DEFAULT_WINDOW_MS,
  );
  const min_duration_ms = durationOf(raw, 'min_duration_ms');
  const max_duration_ms = durationOf(raw, 'max_duration_ms');
  if (min_duration_ms !== undefined && max_duration_ms !== undefined && min_duration_ms > max_duration_ms) {
    throw new Problem('invalid-parameter', {
      detail: "'min_duration_ms' must not be above 'max_duration_ms'.",
      parameter: 'min_duration_ms',
      received: String(min_duration_ms),
      allowed: [`0 to ${max_duration_ms}`],
    });
  }
  const trace_id = singleOf(raw, 'trace_id');
  const prompt_hashes = hashesOf(raw, 'prompt_hash', context);
  const response_hashes = hashesOf(raw, 'response_hash', context);
  const text = textOf(raw);
  const limit = integerOf(raw, 'limit', 1, MOST_ROWS) ?? DEFAULT_LIMIT;
  const cursor = singleOf(raw, 'cursor');
  const resumed = cursor === undefined ? undefined : decodeCursor(cursor, digest);
  const order = choiceOf(raw, 'order_by', ORDERS);
  const largest_first = LARGEST_FIRST.find((field) => order === `-${field}`);
  return {
    window: resumed?.window ?? given,
    conditions: {
      filters: filtersOf(raw, context.project, context.userIds),
      ...(min_duration_ms === undefined ? {} : { min_duration_ms }),
      ...(max_duration_ms === undefined ? {} : { max_duration_ms }),
      ...(trace_id === undefined ? {} : { trace_id: idOf('trace_id', trace_id, 32) }),
      ...(prompt_hashes === undefined ? {} : { prompt_hashes }),
      ...(response_hashes === undefined ? {} : { response_hashes }),
      ...(text === undefined ? {} : { text }),
    },
    fields: fieldsOf(raw),
    largest_first,
    after: resumed?.place,
    limit,
    format: choiceOf(raw, 'format', FORMATS) ?? 'json',
    digest,
  };
}
