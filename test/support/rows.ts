/** Rows for tests: every field has a plain value, a test names only the ones it is about. */
import type { CallRow } from '../../schemas/record/calls.ts';
import type { PayloadRow } from '../../schemas/record/payloads.ts';
import type { ScoreRow } from '../../schemas/record/scores.ts';

/** An id of `width` bytes that is another for each number; 0 is all zero bytes, as an absent id. */
export function idOf(number: number, width: number): Uint8Array {
  const id = Buffer.alloc(width);
  id.writeUIntBE(number, width - 6, 6);
  return id;
}

const DAY_MS = 86_400_000;
/** Yesterday noon: within every retention, and never in the future. */
const START_US = (Math.floor(Date.now() / DAY_MS) - 0.5) * DAY_MS * 1000;
let made = 0;

/** A priced chat call that went well; each one made has an identity of its own. */
export function makeCall(overrides: Partial<CallRow> = {}): CallRow {
  made++;
  const started_at = overrides.started_at ?? START_US;
  return {
    project: 'default',
    trace_id: idOf(made, 16),
    span_id: idOf(made, 8),
    parent_span_id: idOf(0, 8),
    started_at,
    version: started_at + 1_000_000,
    kind: 'call',
    clock_skewed: false,
    truncated: false,
    stream: false,
    service: 'checkout',
    service_version: '1.0.0',
    environment: 'production',
    process: 1n,
    operation: 'chat',
    provider: 'openai',
    model: 'small-chat-v1',
    request_model: 'small-chat-v1',
    response_model: 'small-chat-v1',
    variant: '',
    request_type: '',
    slices: [],
    user_id: '',
    conversation_id: '',
    input_tokens: 100,
    output_tokens: 20,
    cache_read_tokens: null,
    cache_write_tokens: null,
    reasoning_tokens: null,
    token_basis: 'inclusive',
    context_window: 128_000,
    duration_ms: 250,
    ttft_ms: null,
    cost_usd: 0.0005,
    cost_input_usd: 0.0003,
    cost_output_usd: 0.0002,
    cost_reported_usd: null,
    cost_status: 'priced',
    price_version: 'test@2026-01-01',
    status: 'ok',
    error_type: '',
    error_type_raw: '',
    http_status: null,
    error_message: '',
    response_id: '',
    client_retries: 0,
    finish_reason: 'stop',
    prompt_hash: null,
    response_hash: null,
    confidence: null,
    dialect: 'genai',
    scope: 'test',
    attributes: [],
    ...overrides,
  };
}

/** The redacted texts of a call; give it the identity and start of one. */
export function makePayload(overrides: Partial<PayloadRow> = {}): PayloadRow {
  made++;
  const started_at = overrides.started_at ?? START_US;
  return {
    project: 'default',
    trace_id: idOf(made, 16),
    span_id: idOf(made, 8),
    part: '',
    started_at,
    version: started_at + 1_000_000,
    truncated: false,
    input: 'What is in my basket?',
    output: 'Two books.',
    system: '',
    ...overrides,
  };
}

/** A judgement of a call named by its span; give it the identity of one. */
export function makeScore(overrides: Partial<ScoreRow> = {}): ScoreRow {
  made++;
  const scored_at = overrides.scored_at ?? START_US;
  return {
    project: 'default',
    trace_id: idOf(made, 16),
    span_id: idOf(made, 8),
    response_hash: new Uint8Array(32),
    response_id: '',
    name: 'accuracy',
    source: 'test',
    value: 1,
    label: '',
    scored_at,
    version: scored_at + 1_000_000,
    ...overrides,
  };
}
