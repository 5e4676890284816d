/** Realistic model calls for tests and benches: about 29 attributes and 1.2 kB of protobuf each, the same for a seed. */
import type { PlainAttributes, PlainSpan, PlainSpans } from './otlp-encode.ts';

export interface GenaiOptions {
  /** Any whole number; equal seeds give equal spans. */
  seed?: number;
  /** Start of the first span, nanoseconds since 1970. */
  start?: bigint;
  /** Nanoseconds between the starts of two spans. */
  step?: bigint;
  /** Share of calls that fail, 0 to 1. */
  error_ratio?: number;
}

const MODELS = [
  { provider: 'openai', model: 'gpt-4.1', answered: 'gpt-4.1-2025-04-14', host: 'api.openai.com', scale: 1 },
  {
    provider: 'openai',
    model: 'gpt-4.1-mini',
    answered: 'gpt-4.1-mini-2025-04-14',
    host: 'api.openai.com',
    scale: 0.5,
  },
  {
    provider: 'openai',
    model: 'o4-mini',
    answered: 'o4-mini-2025-04-16',
    host: 'api.openai.com',
    scale: 2.5,
  },
  {
    provider: 'anthropic',
    model: 'claude-sonnet-4-5',
    answered: 'claude-sonnet-4-5-20250929',
    host: 'api.anthropic.com',
    scale: 1.4,
  },
  {
    provider: 'anthropic',
    model: 'claude-haiku-4-5',
    answered: 'claude-haiku-4-5-20251001',
    host: 'api.anthropic.com',
    scale: 0.6,
  },
  {
    provider: 'gcp.gemini',
    model: 'gemini-2.5-pro',
    answered: 'gemini-2.5-pro',
    host: 'generativelanguage.googleapis.com',
    scale: 1.8,
  },
  {
    provider: 'gcp.gemini',
    model: 'gemini-2.5-flash',
    answered: 'gemini-2.5-flash',
    host: 'generativelanguage.googleapis.com',
    scale: 0.5,
  },
  {
    provider: 'mistral_ai',
    model: 'mistral-large-latest',
    answered: 'mistral-large-2411',
    host: 'api.mistral.ai',
    scale: 1,
  },
] as const;
const AGENTS = ['triage', 'refund', 'search', 'summary', 'router', 'planner'];
const FINISH_REASONS = ['stop', 'stop', 'stop', 'stop', 'length', 'tool_calls', 'content_filter'];
const ERRORS = [
  { type: 'rate_limit_exceeded', status: 429 },
  { type: 'timeout', status: 504 },
  { type: 'server_error', status: 500 },
  { type: 'context_length_exceeded', status: 400 },
];
const RESOURCE: PlainAttributes = [
  ['service.name', 'support-desk'],
  ['service.namespace', 'shop'],
  ['service.version', '4.17.2'],
  ['deployment.environment.name', 'production'],
  ['host.name', 'web-7c9f6b-2x8qk'],
  ['telemetry.sdk.language', 'nodejs'],
  ['telemetry.sdk.name', 'opentelemetry'],
  ['telemetry.sdk.version', '2.1.0'],
];
const DEFAULT_START = 1_788_000_000_000_000_000n;
const NS_PER_MS = 1_000_000;

/** One request's worth of `genaiSpans`, with a resource and a scope. */
export function genaiRequest(count: number, options: GenaiOptions = {}): PlainSpans[] {
  return [
    {
      resource: RESOURCE,
      scope: { name: '@opentelemetry/instrumentation-openai', version: '0.12.0' },
      spans: genaiSpans(count, options),
    },
  ];
}

/** `count` model calls under the current OpenTelemetry names. */
export function genaiSpans(count: number, options: GenaiOptions = {}): PlainSpan[] {
  const random = generator(options.seed ?? 1);
  const step = options.step ?? 37_000_123n;
  const spans: PlainSpan[] = [];
  let start = options.start ?? DEFAULT_START;
  for (let i = 0; i < count; i++) {
    spans.push(genaiSpan(random, start, options.error_ratio ?? 0.03));
    start += step;
  }
  return spans;
}

function genaiSpan(random: () => number, start: bigint, errorRatio: number): PlainSpan {
  const model = pick(random, MODELS);
  const agent = pick(random, AGENTS);
  const error = random() < errorRatio ? pick(random, ERRORS) : undefined;
  const input = Math.round(logNormal(random, 1_400, 0.9));
  const output = error ? 0 : Math.round(logNormal(random, 320, 0.8));
  const first_chunk_ms = logNormal(random, 420 * model.scale, 0.4);
  const latency_ms = Math.round(first_chunk_ms + output * model.scale * (8 + 8 * random()));
  const cached = random() < 0.4 ? Math.round(input * random()) : 0;
  const attributes: PlainAttributes = [
    ['gen_ai.operation.name', 'chat'],
    ['gen_ai.provider.name', model.provider],
    ['gen_ai.request.model', model.model],
    ['gen_ai.response.model', model.answered],
    ['gen_ai.response.id', `chatcmpl-${hex(random, 24)}`],
    ['gen_ai.conversation.id', `conv_${hex(random, 16)}`],
    ['gen_ai.agent.name', agent],
    ['gen_ai.output.type', 'text'],
    ['gen_ai.request.stream', true],
    ['gen_ai.request.temperature', { double: pick(random, [0, 0.2, 0.7, 1]) }],
    ['gen_ai.request.top_p', { double: pick(random, [0.9, 0.95, 1]) }],
    ['gen_ai.request.frequency_penalty', { double: 0 }],
    ['gen_ai.request.max_tokens', pick(random, [512, 1_024, 4_096, 8_192])],
    ['gen_ai.request.seed', Math.floor(random() * 1_000_000)],
    ['gen_ai.usage.input_tokens', input],
    ['gen_ai.usage.output_tokens', output],
    ['gen_ai.usage.cache_read.input_tokens', cached],
    ['gen_ai.usage.reasoning.output_tokens', Math.round(output * 0.2)],
    ['gen_ai.prompt.name', `${agent}-answer`],
    ['gen_ai.prompt.version', pick(random, ['12', '13', '14'])],
    ['server.address', model.host],
    ['server.port', 443],
    ['user.id', `user-${Math.floor(random() * 5_000)}`],
    ['session.id', hex(random, 32)],
    ['app.tenant', pick(random, ['acme', 'globex', 'initech', 'umbrella'])],
    ['app.feature', pick(random, ['inbox', 'checkout', 'help-center'])],
    ['app.experiment.variant', pick(random, ['control', 'short-prompt'])],
  ];
  if (error) {
    attributes.push(['error.type', error.type], ['http.response.status_code', error.status]);
  } else {
    attributes.push(
      ['gen_ai.response.finish_reasons', [pick(random, FINISH_REASONS)]],
      ['gen_ai.response.time_to_first_chunk', { double: Math.round(first_chunk_ms) / 1_000 }],
      ['http.response.status_code', 200],
    );
  }
  return {
    trace_id: hex(random, 32),
    span_id: hex(random, 16),
    parent_span_id: hex(random, 16),
    name: `chat ${model.model}`,
    kind: 3,
    start,
    end: start + BigInt(latency_ms * NS_PER_MS + Math.floor(random() * NS_PER_MS)),
    attributes,
    status_code: error ? 2 : 0,
    ...(error ? { status_message: `${error.status} ${error.type}` } : {}),
  };
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

/** `digits` is a multiple of 8. */
function hex(random: () => number, digits: number): string {
  let text = '';
  while (text.length < digits)
    text += Math.floor(random() * 4_294_967_296)
      .toString(16)
      .padStart(8, '0');
  return text;
}

function logNormal(random: () => number, median: number, spread: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(spread * normal);
}

/** A small multiplicative generator of numbers in [0, 1): a linear step and a mix of its state. */
function generator(seed: number): () => number {
  let state = (seed * 2_654_435_769) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x45d9f3b);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 4_294_967_296;
  };
}
