/** Redacted inputs and outputs of calls: a table, topic and (short) retention of their own. */
import { bool, dateTime64Micro, fixedString, uint64 } from '../native/column-types.ts';
import { string } from '../native/composite-types.ts';
import { lowCardinality } from '../native/low-cardinality.ts';
import { field, type RecordTable, type RowOf } from './field.ts';

export const payloadFields = {
  project: field(lowCardinality, 'tenant, from the ingest key'),
  trace_id: field(fixedString(16), "the call's trace", 'ZSTD(1)'),
  span_id: field(fixedString(8), "the call's span", 'ZSTD(1)'),
  part: field(
    string,
    'empty for the content of the span itself; else the time and name of the event that told it',
  ),
  started_at: field(dateTime64Micro, 'start of the call', 'Delta(8), ZSTD(1)'),
  version: field(uint64, 'receive time in microseconds', 'Delta(8), ZSTD(1)'),
  truncated: field(bool, 'a text was cut at its limit'),
  input: field(string, 'redacted input messages', 'ZSTD(3)'),
  output: field(string, 'redacted output messages', 'ZSTD(3)'),
  system: field(string, 'redacted system instructions', 'ZSTD(3)'),
} as const;

export type PayloadRow = RowOf<typeof payloadFields>;

export const payloads: RecordTable<typeof payloadFields> = {
  name: 'payloads',
  fields: payloadFields,
  time: 'started_at',
};
