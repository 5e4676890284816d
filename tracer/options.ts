import type { Attributes, SpanContext } from '@opentelemetry/api';

/** What is known of the request that a call serves; `withCallContext` gives it to every call inside it. */
export interface CallContext {
  user_id?: string | undefined;
  conversation_id?: string | undefined;
  /** The caller's class of request: `support`, `search`, ... */
  request_type?: string | undefined;
  /** Which arm of a rollout answers: `baseline`, `canary`, or what the router says. */
  variant?: string | undefined;
  /** The caller's own slices, beside those found from the call. */
  slices?: string[] | undefined;
}

/** What the caller knows of a call. Only `model` and `provider` are needed. */
export interface CallLabels extends CallContext {
  /** The model asked for, as the provider calls it. */
  model: string;
  /** The conventions' provider name: `openai`, `anthropic`, `aws.bedrock`, `azure.ai.openai`, ... */
  provider: string;
  /** `chat` unless said otherwise; also `text_completion`, `generate_content`, `embeddings`. */
  operation?: string | undefined;
  /** Whether the call streams; found from the answer when it does. */
  stream?: boolean | undefined;
  /** The caller's signal of how sure the answer is, 0 to 1. */
  confidence?: number | undefined;
  client_retries?: number | undefined;
  server_address?: string | undefined;
  server_port?: number | undefined;
  /** Further span attributes. They leave the process as they are. */
  attributes?: Attributes | undefined;
}

export interface ModelCallOptions extends CallLabels {
  /** Prompt as text or as messages. What is sent of it is said by `configure({ content })`: its hash by default. */
  input?: unknown;
  /** System instructions given apart from `input`. They are no part of the hash. */
  system?: unknown;
}

/** What the caller read from an answer; it wins over what is found in the answer. */
export interface CallReading {
  /** All input tokens billed, cached ones included. */
  input_tokens?: number | undefined;
  /** All output tokens billed, reasoning included. */
  output_tokens?: number | undefined;
  cache_read_tokens?: number | undefined;
  cache_write_tokens?: number | undefined;
  reasoning_tokens?: number | undefined;
  finish_reason?: string | undefined;
  /** Text of the first choice. What is sent of it is said by `configure({ content })`: its hash by default. */
  text?: string | undefined;
  /** The model that answered. */
  model?: string | undefined;
  /** The provider's id of its answer. */
  id?: string | undefined;
  confidence?: number | undefined;
  http_status?: number | undefined;
  client_retries?: number | undefined;
  /** The provider's error code, for a failure that is reported and not thrown. */
  error_type?: string | undefined;
}

/** Handed to the traced function. */
export interface ModelCall {
  /** Adds what the caller read from the answer. Later values replace earlier ones. */
  record(reading: CallReading): void;
  /** Marks the first token now, for streams that the tracer does not follow. Only the first mark counts. */
  markFirstToken(): void;
  /** The call's span, for `score`; undefined when nobody records the call. */
  spanContext(): SpanContext | undefined;
}

/** A call that somebody else has timed. */
export interface RecordedCall extends CallLabels, Omit<CallReading, 'model' | 'text' | 'id'> {
  /** Duration of the whole call in milliseconds. */
  latency_ms: number;
  /** When it ended: Date, milliseconds since 1970 or ISO 8601; now if left out. */
  ended_at?: Date | number | string | undefined;
  /** Time to first token in milliseconds. */
  ttft_ms?: number | undefined;
  /** Short for `input_tokens`. */
  tokens_in?: number | undefined;
  /** Short for `output_tokens`. */
  tokens_out?: number | undefined;
  response_model?: string | undefined;
  response_id?: string | undefined;
  /** Prompt as text or messages; only its hash is sent. */
  prompt?: unknown;
  /** SHA-256 in hex of the prompt's text, instead of the prompt. */
  prompt_hash?: string | undefined;
  /** Text of the answer; only its hash is sent. */
  response?: string | undefined;
  /** SHA-256 in hex of the answer's text, instead of the answer. */
  response_hash?: string | undefined;
}
