/** Evaluations and feedback about a call, found by its identity or by the hash of its answer. */
import { dateTime64Micro, fixedString, float64, uint64 } from '../native/column-types.ts';
import { string } from '../native/composite-types.ts';
import { lowCardinality } from '../native/low-cardinality.ts';
import { field, type RecordTable, type RowOf } from './field.ts';

export const scoreFields = {
  project: field(lowCardinality, 'tenant, from the ingest key'),
  trace_id: field(fixedString(16), "the call's trace, zero bytes if the hash names the answer", 'ZSTD(1)'),
  span_id: field(fixedString(8), "the call's span, zero bytes if not known", 'ZSTD(1)'),
  response_hash: field(
    fixedString(32),
    'keyed hash of the answer, zero bytes if the span names it',
    'ZSTD(1)',
  ),
  response_id: field(string, 'the provider’s id of the answer, empty if not known', 'ZSTD(1)'),
  name: field(lowCardinality, 'what was judged'),
  source: field(lowCardinality, 'who judged'),
  value: field(float64, 'the judgement', 'ZSTD(1)'),
  label: field(lowCardinality, 'the judgement in a word, empty if none'),
  scored_at: field(dateTime64Micro, 'when it was judged', 'Delta(8), ZSTD(1)'),
  version: field(uint64, 'receive time in microseconds; of one identity, name and source the highest wins'),
} as const;

export type ScoreRow = RowOf<typeof scoreFields>;

export const scores: RecordTable<typeof scoreFields> = {
  name: 'scores',
  fields: scoreFields,
  time: 'scored_at',
};
