/** What the OTLP decoders make of a request, protobuf or JSON alike; the only input of normalisation. */

/** A list or map inside an attribute; nesting is bounded by the decoder. */
export class KeyValueList {
  readonly keys: string[] = [];
  readonly values: AttributeValue[] = [];
}

/** Integers beyond 2^53 are bigint; an absent value is null. */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | AttributeValue[]
  | KeyValueList;

/** Attributes in their order: `keys[i]` has `values[i]`. Keys and short strings are interned, so equal ones are one string. */
export type Attributes = KeyValueList;

export interface Resource {
  attributes: Attributes;
}

export interface Scope {
  name: string;
  version: string;
  attributes: Attributes;
}

export interface SpanEvent {
  name: string;
  /** Whole microseconds since 1970, rounded down. */
  time_us: number;
  attributes: Attributes;
}

export interface Span {
  resource: Resource;
  scope: Scope;
  /** 16 and 8 bytes; views into the request's body where possible. */
  trace_id: Uint8Array;
  span_id: Uint8Array;
  /** 8 zero bytes for a root. */
  parent_span_id: Uint8Array;
  name: string;
  /** OTLP SpanKind: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  /** Whole microseconds since 1970 of the start, rounded down. */
  start_us: number;
  /** End minus start with nanosecond precision; negative when the end lies before the start. */
  duration_ms: number;
  attributes: Attributes;
  dropped_attributes: number;
  events: SpanEvent[];
  /** OTLP StatusCode: 0 unset, 1 ok, 2 error. */
  status_code: number;
  status_message: string;
  /** Something of the span was cut at a limit of the decoder. */
  truncated: boolean;
  /** Why this one span cannot be stored (a bad id, no start): it is rejected, the others of the request are not. */
  fault: string | undefined;
}

export interface LogRecord {
  resource: Resource;
  scope: Scope;
  trace_id: Uint8Array | undefined;
  span_id: Uint8Array | undefined;
  /** `event_name`, or the attribute `event.name` of older emitters. */
  event_name: string;
  time_us: number;
  body: AttributeValue;
  attributes: Attributes;
  truncated: boolean;
  fault: string | undefined;
}

/** Bounds of one request. */
export interface DecodeLimits {
  nesting: number;
  attributes_per_span: number;
  events_per_span: number;
  /**
   * Spans, log records, events, lists, maps and byte values together: some take 2 bytes of body and 400 of memory.
   * Four values inside lists and maps count as one.
   */
  objects_per_request: number;
}

export const DECODE_LIMITS: DecodeLimits = {
  nesting: 32,
  attributes_per_span: 1_024,
  events_per_span: 1_024,
  objects_per_request: 500_000,
};

/** The body is not what its content type says: answered with 400 and a sentence that says where and why. */
export class MalformedBodyError extends Error {
  override name = 'MalformedBodyError';
}
