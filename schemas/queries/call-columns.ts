/** A stored call as the API shows it: ids and hashes in hex, times as ISO 8601, dollars as numbers. */
import { callFields } from '../record/calls.ts';

type CallField = keyof typeof callFields;

const ISO_MICRO = '%Y-%m-%dT%H:%i:%S.%fZ';
const hex = (column: string): string => `lower(hex(${column}))`;
const iso = (time: string): string => `formatDateTime(${time}, '${ISO_MICRO}')`;
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

/** Lists need not carry what only one call's page shows. */
export const LIST_FIELDS = SHOWN_FIELDS.filter((name) => name !== 'attributes');

/** A call as an answer holds it; `received_at` is when the collector took it in. */
export type ShownCall = {
  trace_id: string;
  span_id: string;
  parent_span_id: string;
  started_at: string;
  received_at: string;
  kind: 'call' | 'carrier';
  duration_ms: number;
  user_id: string;
  prompt_hash: string | null;
  response_hash: string | null;
  response_id: string;
  cost_usd: number | null;
} & Record<string, unknown>;

/** A call, and when the row was inserted that tells of it, in milliseconds since 1970. */
export type StoredCall = ShownCall & { inserted_ms: number | string };

/** Formats with types have a type of their own for times, and would write the numbers of an Enum. */
function typed(name: CallField): ((column: string) => string) | undefined {
  if (name === 'started_at') return (column) => column;
  return callFields[name].type.name.startsWith('Enum') ? (column) => `toString(${column})` : undefined;
}

/** Columns of a SELECT over rows of `calls` that are named `alias`; times as ISO 8601 or as times. */
export function shownColumns(
  fields: readonly CallField[],
  alias: string,
  times: 'text' | 'timestamp' = 'text',
): string {
  const columns = fields.map((name) => {
    const column = `${alias}.${name}`;
    const shown = (times === 'timestamp' ? typed(name) : undefined) ?? SHOWN[name];
    return `${shown?.(column) ?? column} AS ${name}`;
  });
  const received = receivedAt(`${alias}.version`);
  return [...columns, `${times === 'text' ? iso(received) : received} AS received_at`].join(', ');
}

/** A plain name is the column's own in every condition: what is shown in another way than it is stored gets a name of its own. */
const ANOTHER = 'shown_';

const ANOTHERS = new Map<string, string>([
  ...Object.entries(SHOWN).map(([name, shown]): [string, string] => [name, shown(name)]),
  ['received_at', iso(receivedAt('version'))],
  ['inserted_ms', 'toUnixTimestamp64Milli(inserted_at)'],
]);

/**
 * Columns of a SELECT from `calls` itself, for `storedCallOf`. With rows of a subquery, as for `shownColumns`, the database
 * plans a third longer, which is most of what a lookup takes.
 */
export function storedColumns(fields: readonly (CallField | 'received_at' | 'inserted_ms')[]): string {
  return fields
    .map((name) => (ANOTHERS.has(name) ? `${ANOTHERS.get(name)} AS ${ANOTHER}${name}` : name))
    .join(', ');
}

/** All that makes a `StoredCall`, but what lists do not carry. */
export const STORED_FIELDS = [...LIST_FIELDS, 'received_at', 'inserted_ms'] as const;

/** A row of `storedColumns`. */
export function storedCallOf(row: Record<string, unknown>): StoredCall {
  const columns = Object.entries(row).map(([name, value]) => [name.replace(ANOTHER, ''), value]);
  return Object.fromEntries(columns) as StoredCall;
}

/** Microseconds since 1970 of a time as `started_at` is shown. */
export function microsecondsOf(shown: string): number {
  return Date.parse(`${shown.slice(0, 23)}Z`) * 1000 + Number(shown.slice(23, 26));
}
