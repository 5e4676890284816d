/** A dialect is data: which attribute feeds which canonical field. Adding one is adding one file beside this. */
import type { Scope } from '../otlp/span.ts';

/** The canonical fields that attributes may feed; units are part of the name. */
export const CANONICAL_FIELDS = [
  'operation',
  'provider',
  'request_model',
  'response_model',
  'response_id',
  'finish_reasons',
  'conversation_id',
  'user_id',
  'stream',
  'server_address',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'ttft_s',
  'cost_usd',
  'error_type',
  'http_status',
  'input',
  'output',
  'system',
  'tool_definitions',
  'prompt_hash',
  'response_hash',
  'confidence',
  'request_type',
  'variant',
  'slices',
  'client_retries',
] as const;

export type CanonicalField = (typeof CANONICAL_FIELDS)[number];

export interface Dialect {
  name: string;
  /** Attributes whose presence says that a span speaks this dialect. */
  fingerprint: readonly string[];
  /** For each field the attributes that may hold it, the preferred one first. */
  fields: Partial<Record<CanonicalField, readonly string[]>>;
  /** Emitters (by scope) known to count cached tokens inside the input (`inclusive`) or beside it (`additive`). */
  tokenBasis?: (scope: Scope) => 'inclusive' | 'additive' | undefined;
}
