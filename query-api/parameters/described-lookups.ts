/** The parameters of routes about calls as schemas, for the OpenAPI document; requests are parsed elsewhere. */
import { z } from 'zod';
import { DIMENSION_NAMES } from '../../schemas/queries/dimensions.ts';
import { FORMATS } from '../formats.ts';
import { TIME_FORMS } from '../time.ts';
import { HTTP_STATUS, LED_BY, TEXT_LENGTHS } from './call-conditions.ts';
import { ORDERS, USUAL } from './call-search.ts';
import { bullets, filterOn } from './described.ts';
import { DEFAULT_LIMIT, MOST_ROWS } from './rollup-request.ts';

const text = (meaning: string): z.ZodType => z.string().optional().describe(meaning);
const number = (meaning: string): z.ZodType => z.number().optional().describe(meaning);
const UNPRICED = 'calls without a price are left out';
const HASH =
  'Hex, either the plain SHA-256 of the text or the keyed hash that answers show: both are looked for.';

export const describedWindow = {
  from: text(`Start of the window, by default 24 hours before \`to\`.${bullets(TIME_FORMS)}`),
  to: text(`End of the window, not part of it, by default now.${bullets(TIME_FORMS)}`),
};

/** The window of a route whose default is so many days. */
export function describedDays(days: number): z.ZodType {
  const from = text(`Start of the window, by default ${days} days before \`to\`.${bullets(TIME_FORMS)}`);
  return z.object({ from, to: describedWindow.to });
}

export const describedCallSearch = z.object({
  from: text(
    `Start of the window, by default 24 hours before \`to\`; in a search by ${LED_BY.map((name) => `\`${name}\``).join(', ')} as far back as calls are kept.${bullets(TIME_FORMS)}`,
  ),
  to: describedWindow.to,
  min_duration_ms: number('Calls that took at least as long, in milliseconds.'),
  max_duration_ms: number('Calls that took at most as long, in milliseconds.'),
  min_cost_usd: number(`Calls that cost at least as much, in US dollars; ${UNPRICED}.`),
  max_cost_usd: number(`Calls that cost at most as much, in US dollars; ${UNPRICED}.`),
  http_status: z
    .array(z.int().min(HTTP_STATUS.least).max(HTTP_STATUS.most))
    .optional()
    .describe(
      'Calls that the provider answered with this HTTP status, as far as it was told; many tell it of failed calls only. Repeated means or.',
    ),
  score: text(
    'Calls that have a score of this name; each of them shows it as `score`: what `score_avg` is the mean of.',
  ),
  min_score: number('Calls whose score of the name `score` is at least this.'),
  max_score: number('Calls whose score of the name `score` is at most this.'),
  trace_id: text('Calls of this trace, 32 hex digits.'),
  prompt_hash: text(`Calls with this prompt. ${HASH}`),
  response_hash: text(`Calls with this answer. ${HASH}`),
  text: text(
    `Calls whose redacted input, output or system instructions hold this text, whatever its case, as it is or escaped as in JSON, as long as payloads are kept; or those of a span that tells of the call again do, once repeats have been looked for. ${TEXT_LENGTHS}.`,
  ),
  fields: text(
    `What is shown of each call, separated by commas; its ids and its start always are. By default:${bullets(USUAL)} \`all\` is every field of the record, with \`attributes\`; few are answered sooner.`,
  ),
  order_by: z
    .enum(ORDERS)
    .optional()
    .describe(
      'Newest first by default; else the largest first, without the calls that do not have it. These read the whole window, not only its newest calls.',
    ),
  cursor: text(
    'The `next_cursor` of an answer: the next page of the same search, whose other parameters stay as they were. Pages keep the window of the first one; no call is shown twice or left out by what arrives meanwhile.',
  ),
  format: z
    .enum(FORMATS)
    .optional()
    .describe(
      'Form of the answer, by default `json`. The others hold the calls only; CSV, Parquet and Arrow tell what became of a payload in `payload_state` and `payload_expires_at`. The window is in `x-plumbline-from` and `x-plumbline-to`; the next page in `x-plumbline-next-cursor` and, in every form, in `Link: <…>; rel="next"`.',
    ),
  limit: z.int().min(1).max(MOST_ROWS).optional().describe(`Calls a page, by default ${DEFAULT_LIMIT}.`),
  ...Object.fromEntries(DIMENSION_NAMES.map((name) => [name, filterOn(name)])),
});

const traceId = z.string().describe('The trace, 32 hex digits.');
export const describedCallPath = z.object({
  trace_id: traceId,
  span_id: z.string().describe('The span, 16 hex digits.'),
});
export const describedTracePath = z.object({ trace_id: traceId });
