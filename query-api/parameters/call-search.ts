/** The query string of a search for calls, every fault of it as a Problem. */
import { KEY_FIELDS, SHOWN_FIELDS, USUAL_FIELDS } from '../../schemas/queries/call-columns.ts';
import { type CallConditions, LARGEST_FIRST, type LargestFirst } from '../../schemas/queries/call-search.ts';
import { type Cursor, decodeCursor, searchDigest } from '../cursor.ts';
import { FORMATS, type Format } from '../formats.ts';
import { DEFAULT_WINDOW_MS } from '../time.ts';
import { CONDITION_PARAMETERS, type ConditionContext, conditionsOf, LED_BY } from './call-conditions.ts';
import { choiceOf, integerOf, listOf, type RawQuery, refuseUnknown, singleOf } from './query-string.ts';
import { DEFAULT_LIMIT, MOST_ROWS } from './rollup-request.ts';
import { type Window, windowOf } from './window.ts';

export const CALL_SEARCH_PARAMETERS: readonly string[] = [
  ...['from', 'to', 'fields', 'order_by', 'cursor', 'limit', 'format'],
  ...CONDITION_PARAMETERS,
];

const MS_PER_DAY = 86_400_000;

/** What a list can show of a call, in the order of the record; `payload` is what became of its texts. */
export const LIST_FIELDS = [...SHOWN_FIELDS, 'received_at', 'payload'] as const;
export type ListField = (typeof LIST_FIELDS)[number];
export const USUAL: readonly ListField[] = [...USUAL_FIELDS, 'payload'];
const ALL = 'all';

/** Newest first, or the largest of something; with the sign that rollups are ordered with as well. */
export const ORDERS = ['-started_at', ...LARGEST_FIRST.map((field) => `-${field}` as const)] as const;

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

export interface SearchContext extends ConditionContext {
  now_ms: number;
  /** Days that calls are kept. */
  calls_days: number;
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
  const conditions = conditionsOf(raw, context);
  const limit = integerOf(raw, 'limit', 1, MOST_ROWS) ?? DEFAULT_LIMIT;
  const cursor = singleOf(raw, 'cursor');
  const resumed = cursor === undefined ? undefined : decodeCursor(cursor, digest);
  const order = choiceOf(raw, 'order_by', ORDERS);
  const largest_first = LARGEST_FIRST.find((field) => order === `-${field}`);
  return {
    window: resumed?.window ?? given,
    conditions,
    fields: fieldsOf(raw),
    largest_first,
    after: resumed?.place,
    limit,
    format: choiceOf(raw, 'format', FORMATS) ?? 'json',
    digest,
  };
}
