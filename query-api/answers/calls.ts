/** What the routes about single calls answer, for the OpenAPI document. */
import { z } from 'zod';
import { KEY_FIELDS, SHOWN_FIELDS, SPAN_FIELDS } from '../../schemas/queries/call-columns.ts';
import { SCORE_WAYS } from '../../schemas/queries/call-scores.ts';
import { callFields } from '../../schemas/record/calls.ts';
import { PAYLOAD_STATES } from '../routes/payload.ts';

const time = (meaning: string): z.ZodType => z.string().meta({ format: 'date-time', description: meaning });
const nullable = (schema: z.ZodType): z.ZodType => z.union([schema, z.null()]);
const named = <T extends z.ZodType>(id: string, schema: T): T => {
  z.globalRegistry.add(schema, { id });
  return schema;
};

/** How a column is shown, by its type in the database. */
function shownAs(name: string, column: string): z.ZodType {
  if (name.endsWith('_at')) return z.string().meta({ format: 'date-time' });
  const choices = [...column.matchAll(/'([^']*)' = -?\d+/g)].map(([, choice]) => choice!);
  if (/^Enum/.test(column)) return z.enum(choices);
  const plain = column.replace(/^Nullable\((.*)\)$/, '$1');
  const schema = /^Map/.test(plain)
    ? z.record(z.string(), z.string())
    : /^Array/.test(plain)
      ? z.array(z.string())
      : plain === 'Bool'
        ? z.boolean()
        : /^(UInt(8|16|32)|Float|Decimal)/.test(plain)
          ? z.number()
          : z.string();
  return plain === column ? schema : nullable(schema);
}

const RECEIVED = { received_at: time('when the collector took it in') };

const fieldsOf = (
  names: readonly (keyof typeof callFields)[],
  more: Record<string, z.ZodType> = RECEIVED,
): Record<string, z.ZodType> => ({
  ...Object.fromEntries(
    names.map((name) => {
      const { type, meaning } = callFields[name];
      return [name, shownAs(name, type.name).describe(meaning)];
    }),
  ),
  ...more,
});

const outlook = {
  state: z
    .enum(PAYLOAD_STATES)
    .describe(
      '`kept`; `expired`: its days are over; `hash_only`: the service sends hashes of its texts, not the texts; `not_sent`: no content came with the call',
    ),
  expires_at: nullable(time('when it expires or expired; null where there was none')),
};
const callId = z.object({ trace_id: z.string(), span_id: z.string() });
const payload = named(
  'Payload',
  z.object({
    ...outlook,
    from: nullable(callId).describe(
      'whose payload it is, where the call has none that is kept and a repeat of it has; null if it is its own',
    ),
    truncated: z.boolean().describe('a text was cut at its limit'),
    input: nullable(z.string()).describe('redacted input messages'),
    output: nullable(z.string()).describe('redacted answer'),
    system: nullable(z.string()).describe('redacted system instructions'),
  }),
);
const call = named('Call', z.object(fieldsOf(SHOWN_FIELDS)));
const listedCall = named(
  'ListedCall',
  z
    .object({
      ...fieldsOf(SHOWN_FIELDS),
      payload: z.object(outlook).describe('of the call or, where it has none, of a repeat in its trace'),
      score: z
        .number()
        .describe(
          'where `score` was asked for: the mean of the scores of that name that count for the call, as in `score_avg`',
        ),
    })
    .partial()
    .extend(fieldsOf(KEY_FIELDS, {})),
);
const spanOfTrace = named('SpanOfTrace', z.object(fieldsOf(SPAN_FIELDS)));
const example = callId.extend({ response_hash: nullable(z.string()) });

const neighbours = {
  calls: z.number().describe('calls with the same hash, this one included'),
  models: z.array(z.string()),
  first_at: time('the oldest of them'),
  last_at: time('the newest of them'),
  examples: z.array(example).describe('the newest others'),
};

export const callsAnswer = named(
  'Calls',
  z.object({
    from: time('start of the window, as resolved for the first page'),
    to: time('end of the window, not part of it'),
    items: z.array(listedCall),
    next_cursor: nullable(z.string()).describe('asks for the next page; null when there is none'),
  }),
);

export const callAnswer = named(
  'OneCall',
  z.object({
    call,
    counted: z.boolean().describe('whether numbers count it; a repeat of another span, or a carrier, is not'),
    counted_as: z.array(callId).describe('the spans that count in its place'),
    repeats: z
      .array(callId)
      .describe(
        'of a call that counts: the spans that tell of it again, and of no other call; a carrier over several calls is a repeat of none',
      ),
    payload,
    scores: z.array(
      z.object({
        name: z.string(),
        source: z.string(),
        value: z.number(),
        label: z.string(),
        scored_at: time('when it was judged'),
        by: z
          .enum(SCORE_WAYS)
          .describe(
            'how the score names the call: its span; `repeat`, a span in whose place it counts; its answer’s hash, or the provider’s id of it',
          ),
      }),
    ),
    neighbours: z.object({
      same_response: nullable(
        z.object({ ...neighbours, prompts: z.number().describe('different prompts it answered') }),
      ).describe('how often the same answer came back; null without a hash of it'),
      same_prompt: nullable(
        z.object({
          ...neighbours,
          answers: z.number().describe('different answers it got'),
          different_answers: z.boolean(),
        }),
      ).describe('what the same prompt was answered; null without a hash of it'),
    }),
  }),
);

const node = named(
  'TraceNode',
  z.object({
    call: spanOfTrace,
    counted: z.boolean(),
    placed: z
      .enum(['root', 'parent', 'interval'])
      .describe('under its `parent`; or, where that is not stored, under the shortest carrier around it'),
    get children() {
      return z.array(node);
    },
  }),
);

export const traceAnswer = named(
  'Trace',
  z.object({
    trace_id: z.string(),
    started_at: time('start of its first stored span'),
    duration_ms: z.number().describe('from there to the end of the last'),
    calls: z.number().describe('counted calls'),
    cost_usd: nullable(z.number()).describe('cost of the counted calls that are priced'),
    truncated: z.boolean().describe('there are more spans than are shown'),
    roots: z.array(node),
  }),
);
