/** The record: one row per model call (or carrier). Every other shape of it is derived from this table. */
import {
  bool,
  dateTime64Micro,
  decimalUsd,
  enum8,
  fixedString,
  float32,
  float64,
  uint8,
  uint16,
  uint32,
  uint64,
  uint64Hash,
} from '../native/column-types.ts';
import { array, nullable, string, stringMap } from '../native/composite-types.ts';
import { lowCardinality } from '../native/low-cardinality.ts';
import { field, type RecordTable, type RowOf } from './field.ts';

export const CALL_KINDS = ['call', 'carrier'] as const;
export const TOKEN_BASES = ['unknown', 'inclusive', 'additive', 'estimated'] as const;
export const COST_STATUSES = ['unpriced', 'priced', 'override', 'reported'] as const;
export const CALL_STATUSES = ['ok', 'error'] as const;
/** Canonical classes of errors; calls that went well have an empty one. */
export const ERROR_TYPES = [
  'rate_limit',
  'timeout',
  'context_length',
  'content_filter',
  'auth',
  'bad_request',
  'server_error',
  'connection',
  'cancelled',
  '_OTHER',
] as const;

const tokens = nullable(uint32);
const usd = nullable(decimalUsd);
const milliseconds = nullable(float64);
const hash = nullable(fixedString(32));

export const callFields = {
  project: field(lowCardinality, 'tenant, from the ingest key'),
  trace_id: field(fixedString(16), "the span's trace", 'ZSTD(1)'),
  span_id: field(fixedString(8), "the span's id; with project and trace, the call's identity", 'ZSTD(1)'),
  parent_span_id: field(fixedString(8), 'the parent span, zero bytes if none', 'ZSTD(1)'),
  started_at: field(dateTime64Micro, 'start of the span, by the emitter’s clock', 'Delta(8), ZSTD(1)'),
  version: field(
    uint64,
    'receive time in microseconds; of one identity the highest wins',
    'Delta(8), ZSTD(1)',
  ),
  kind: field(enum8(CALL_KINDS), 'a model call, or a carrier that repeats or sums the usage of calls'),
  clock_skewed: field(bool, 'started over an hour ahead of or thirty days before its arrival'),
  truncated: field(bool, 'a string or list of the span was cut'),
  stream: field(bool, 'the answer was streamed'),
  service: field(lowCardinality, 'service.name of the resource'),
  service_version: field(lowCardinality, 'service.version of the resource'),
  environment: field(lowCardinality, 'deployment.environment.name of the resource'),
  process: field(uint64Hash, 'hash of what tells one process from another', 'ZSTD(1)'),
  operation: field(
    lowCardinality,
    'chat, text_completion, generate_content or embeddings; of a carrier what it is called',
  ),
  provider: field(lowCardinality, 'canonical name of the provider'),
  model: field(lowCardinality, 'the model that was asked for, without a provider prefix'),
  request_model: field(lowCardinality, 'the requested model as reported'),
  response_model: field(lowCardinality, 'the answering model as reported'),
  variant: field(lowCardinality, 'arm of a rollout: baseline, canary or what the router says'),
  request_type: field(lowCardinality, 'the caller’s class of request'),
  slices: field(array(lowCardinality), 'slices the call belongs to'),
  user_id: field(string, 'keyed pseudonym of the user', 'ZSTD(1)'),
  conversation_id: field(string, 'conversation or session', 'ZSTD(1)'),
  input_tokens: field(tokens, 'billed input tokens, cached ones included', 'T64, ZSTD(1)'),
  output_tokens: field(tokens, 'billed output tokens, reasoning included', 'T64, ZSTD(1)'),
  cache_read_tokens: field(tokens, 'input tokens read from a cache', 'T64, ZSTD(1)'),
  cache_write_tokens: field(tokens, 'input tokens written to a cache', 'T64, ZSTD(1)'),
  reasoning_tokens: field(tokens, 'output tokens spent on reasoning', 'T64, ZSTD(1)'),
  token_basis: field(enum8(TOKEN_BASES), 'how the emitter counted, before the totals were made'),
  context_window: field(tokens, 'the model’s limit of input and output tokens', 'T64, ZSTD(1)'),
  duration_ms: field(float64, 'the whole call, in milliseconds', 'ZSTD(1)'),
  ttft_ms: field(milliseconds, 'time to the first token or chunk, in milliseconds', 'ZSTD(1)'),
  cost_usd: field(usd, 'cost of the call in US dollars, null if unpriced', 'ZSTD(1)'),
  cost_input_usd: field(usd, 'the part of the cost for input', 'ZSTD(1)'),
  cost_output_usd: field(usd, 'the part of the cost for output', 'ZSTD(1)'),
  cost_reported_usd: field(usd, 'the emitter’s own figure', 'ZSTD(1)'),
  cost_status: field(enum8(COST_STATUSES), 'where cost_usd comes from'),
  price_version: field(lowCardinality, 'price table and date the cost was worked out with'),
  status: field(enum8(CALL_STATUSES), 'ok or error'),
  error_type: field(lowCardinality, 'canonical class of the error, empty if none'),
  error_type_raw: field(lowCardinality, 'class of the error as reported'),
  http_status: field(nullable(uint16), 'status of the provider’s HTTP response'),
  error_message: field(string, 'redacted message of the error', 'ZSTD(1)'),
  response_id: field(string, 'the provider’s id of its answer', 'ZSTD(1)'),
  client_retries: field(uint8, 'attempts of the client within this span, beyond the first'),
  finish_reason: field(lowCardinality, 'why the answer ended'),
  prompt_hash: field(hash, 'keyed hash of the input text', 'ZSTD(1)'),
  response_hash: field(hash, 'keyed hash of the answer’s text', 'ZSTD(1)'),
  confidence: field(nullable(float32), 'the caller’s own signal, 0 to 1', 'ZSTD(1)'),
  dialect: field(lowCardinality, 'convention the span came in'),
  scope: field(lowCardinality, 'instrumentation scope'),
  attributes: field(stringMap, 'the other attributes, redacted', 'ZSTD(1)'),
} as const;

export type CallRow = RowOf<typeof callFields>;

export const calls: RecordTable<typeof callFields> = {
  name: 'calls',
  fields: callFields,
  time: 'started_at',
};
