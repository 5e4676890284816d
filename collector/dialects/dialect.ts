/** A dialect is data: which attribute feeds which canonical field. Adding one is adding one file beside this. */

/** The canonical fields that attributes may feed; units are part of the name. */
export const CANONICAL_FIELDS = [
  'operation',
  'span_kind',
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
  'ttft',
  'duration',
  'cost_usd',
  'error_type',
  'error_message',
  'error_level',
  'http_status',
  'input',
  'output',
  'system',
  'tool_definitions',
  'dropped',
  'prompt_hash',
  'response_hash',
  'confidence',
  'request_type',
  'variant',
  'slices',
  'client_retries',
] as const;

export type CanonicalField = (typeof CANONICAL_FIELDS)[number];

/**
 * Fields that hold what was said: whatever dialect claims a span, no attribute that feeds one of these in any dialect
 * is stored among the call's attributes. `dropped` holds what is kept nowhere (vectors, schemas, repetitions).
 */
export const CONTENT_FIELDS = ['input', 'output', 'system', 'tool_definitions', 'dropped'] as const;

export type ContentField = (typeof CONTENT_FIELDS)[number];

/** A point in time (ISO 8601) counts from the start of the span. */
export type Unit = 's' | 'ms' | 'timestamp';

/** Where a field's value lies: an attribute, or a member of the JSON text that an attribute holds. */
export interface Source {
  key: string;
  /** Members of the JSON, outermost first, joined by dots. */
  path?: string;
  /** Of times; seconds where it is left out. */
  unit?: Unit;
}

/** What a span must be for a rule to hold: every condition that is given. */
export interface Condition {
  scope?: RegExp;
  /** The span's name. */
  name?: RegExp;
  /** The canonical field `span_kind`, the emitter's own word for what the span is. */
  kind?: RegExp;
  operation?: RegExp;
  /** The canonical provider. */
  provider?: RegExp;
  /** This attribute is there, or is not. */
  has?: string;
  lacks?: string;
  /** An attribute calls the answer streamed. */
  streamed?: boolean;
  /** The span's status is an error, or is none. */
  failed?: boolean;
}

/** A model call, a span that repeats or sums the usage of calls, or neither. */
export type SpanClass = 'call' | 'carrier' | 'neither';

export interface KindRule extends Condition {
  is: SpanClass;
  /** Of a carrier: a call happened within it, so that it is stored without usage too, lest the call be lost. */
  implies_call?: boolean;
  /** The canonical operation of such a call, where the span names it otherwise. */
  operation_is?: 'chat' | 'text_completion' | 'generate_content' | 'embeddings';
}

export interface BasisRule extends Condition {
  is: 'inclusive' | 'additive' | 'estimated';
}

export interface Dialect {
  name: string;
  /** Scopes whose spans speak this dialect whatever their attributes. */
  scope?: RegExp;
  /** Attributes whose presence says that a span speaks this dialect. */
  fingerprint: readonly string[];
  /** For each field the attributes that may hold it, the preferred one first. */
  fields: Partial<Record<CanonicalField, readonly (string | Source)[]>>;
  /**
   * Content that is spread over attributes with one of these beginnings, followed by an index: `prefix.0.role`,
   * `prefix.0.content`. A beginning that ends in `*` may be followed by anything.
   */
  flattened?: Partial<Record<ContentField, readonly string[]>>;
  /** Asked in order before the operation's name decides. */
  kinds?: readonly KindRule[];
  /** Whether cached tokens are inside the input or beside it, or the counts are guesses: the first rule that holds. */
  input_basis?: readonly BasisRule[];
  /** The reported total is the provider's, so it proves whether the cache is inside the input. */
  total_proves?: boolean;
  /** Reasoning is beside the output in spans of which one of these holds. */
  reasoning_beside?: readonly Condition[];
  /** Spans of streams that no attribute calls so. */
  streams?: readonly Condition[];
  /** Events that mark the first token. */
  first_token_events?: readonly string[];
  /** An exception event is a failure even where the status says otherwise. */
  exception_fails?: boolean;
  /** A cost of 0 says that the emitter knew no price. */
  zero_cost_is_unknown?: boolean;
}

/** One dialect's sources before another's, field by field. */
export function extended(base: Dialect['fields'], more: Dialect['fields']): Dialect['fields'] {
  const fields = { ...base };
  for (const [field, sources] of Object.entries(more) as [CanonicalField, readonly (string | Source)[]][]) {
    fields[field] = [...sources, ...(base[field] ?? [])];
  }
  return fields;
}
