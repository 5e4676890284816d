/** A stored call as the API shows it: ids and hashes in hex, times as ISO 8601, dollars as numbers. */
import { callFields } from '../record/calls.ts';

type CallField = keyof typeof callFields;

const ISO_MICRO = '%Y-%m-%dT%H:%i:%S.%fZ';
const hex = (column: string): string => `lower(hex(${column}))`;
const iso = (time: string): string => `formatDateTime(${time}, '${ISO_MICRO}')`;
const insertedMs = (inserted_at: string): string => `toUnixTimestamp64Milli(${inserted_at})`;
const receivedAt = (version: string): string => `fromUnixTimestamp64Micro(toInt64(${version}), 'UTC')`;

/** How a field is shown where it is not shown as it is stored. */
const SHOWN: Partial<Record<CallField, (column: string) => string>> = {
  trace_id: hex,
  span_id: hex,
  parent_span_id: (column) => `if(reinterpretAsUInt64(${column}) = 0, '', ${hex(column)})`,
  started_at: iso,
  process: (column) => `toString(${column})`,
  prompt_hash: hex,
  response_hash: hex,
  cost_usd: (column) => `toFloat64(${column})`,
  cost_input_usd: (column) => `toFloat64(${column})`,
  cost_output_usd: (column) => `toFloat64(${column})`,
  cost_reported_usd: (column) => `toFloat64(${column})`,
};

/** The receive time under a name that says so; the project is the key's, and every answer's. */
const LEFT_OUT = new Set<CallField>(['project', 'version']);

/** Fields of a call in an answer, in the order of the record. */
export const SHOWN_FIELDS = (Object.keys(callFields) as CallField[]).filter((name) => !LEFT_OUT.has(name));

/** The spans of a trace need not carry what only one call's page shows. */
export const SPAN_FIELDS = SHOWN_FIELDS.filter((name) => name !== 'attributes');

/** Which call, whatever else is asked for. */
export const KEY_FIELDS = ['trace_id', 'span_id', 'started_at'] as const;

/**
 * What a list shows if nothing else is asked for: enough to choose a call by. To read all columns of a page takes half as
 * long again.
 */
export const USUAL_FIELDS = [
  ...KEY_FIELDS,
  ...(['service', 'environment', 'operation', 'provider', 'model', 'response_model'] as const),
  ...(['variant', 'request_type', 'slices', 'user_id', 'conversation_id'] as const),
  ...(['input_tokens', 'output_tokens', 'duration_ms', 'ttft_ms', 'cost_usd', 'cost_status'] as const),
  ...(['status', 'error_type', 'error_message', 'finish_reason', 'prompt_hash', 'response_hash'] as const),
] as const;

/** Of a call what every answer about it shows. Ids in hex. */
export interface CallKey {
  trace_id: string;
  span_id: string;
  started_at: string;
}

/** A call as an answer holds it whole; `received_at` is when the collector took it in. */
export type ShownCall = CallKey & {
  parent_span_id: string;
  received_at: string;
  kind: 'call' | 'carrier';
  duration_ms: number;
  model: string;
  user_id: string;
  prompt_hash: string | null;
  response_hash: string | null;
  response_id: string;
  cost_usd: number | null;
} & Record<string, unknown>;

/** When the row was inserted that tells of a call, in milliseconds since 1970. */
export interface Inserted {
  inserted_ms: number | string;
}
export type StoredCall = ShownCall & Inserted;

/** With whichever fields a list shows. */
export type ListedCall = CallKey & Record<string, unknown>;

/** Formats with types have a type of their own for times, and would write the numbers of an Enum. */
function typed(name: CallField): ((column: string) => string) | undefined {
  if (name === 'started_at') return (column) => column;
  return callFields[name].type.name.startsWith('Enum') ? (column) => `toString(${column})` : undefined;
}

/** Columns of a SELECT over rows of `calls` that are named `alias`; times as ISO 8601 or as times. */
export function shownColumns(
  fields: readonly StoredField[],
  alias: string,
  times: 'text' | 'timestamp' = 'text',
): string {
  const columns = fields.map((name) => {
    if (name === 'received_at') {
      const received = receivedAt(`${alias}.version`);
      return `${times === 'text' ? iso(received) : received} AS received_at`;
    }
    const column = `${alias}.${name}`;
    if (name === 'inserted_ms') return `${insertedMs(`${alias}.inserted_at`)} AS inserted_ms`;
    const shown = (times === 'timestamp' ? typed(name) : undefined) ?? SHOWN[name];
    return `${shown?.(column) ?? column} AS ${name}`;
  });
  return columns.join(', ');
}

/** A plain name is the column's own in every condition: what is shown in another way than it is stored gets a name of its own. */
const ANOTHER = 'shown_';

const ANOTHERS = new Map<string, string>([
  ...Object.entries(SHOWN).map(([name, shown]): [string, string] => [name, shown(name)]),
  ['received_at', iso(receivedAt('version'))],
  ['inserted_ms', insertedMs('inserted_at')],
]);

export type StoredField = CallField | 'received_at' | 'inserted_ms';

/**
 * Columns of a SELECT from `calls` itself, for `storedCallOf`. With rows of a subquery, as for `shownColumns`, the database
 * plans a third longer, which is most of what a lookup takes.
 */
export function storedColumns(fields: readonly StoredField[]): string {
  return fields
    .map((name) => (ANOTHERS.has(name) ? `${ANOTHERS.get(name)} AS ${ANOTHER}${name}` : name))
    .join(', ');
}

/** The fields of a row of `storedColumns`. */
export function storedCallOf(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.replace(ANOTHER, ''), value]));
}

/** Microseconds since 1970 of a time as `started_at` is shown. */
export function microsecondsOf(shown: string): number {
  return Date.parse(`${shown.slice(0, 23)}Z`) * 1000 + Number(shown.slice(23, 26));
}
