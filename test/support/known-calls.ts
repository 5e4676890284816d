/** Model calls whose every number is known beforehand, and the OTLP bodies that tell of them. The same for a seed. */
import { gzipSync } from 'node:zlib';
import type { Random } from '../query-api/support/random.ts';
import { encodeTraces, type PlainAttributes, type PlainSpan, tracesJson } from './otlp-encode.ts';

/** Published prices in millionths of a millionth of a dollar per token: $0.15 a million tokens is 150,000. */
const MODELS = [
  { provider: 'openai', model: 'gpt-4o-mini', price: { input: 150_000n, output: 600_000n } },
  { provider: 'anthropic', model: 'claude-sonnet-4-5', price: { input: 3_000_000n, output: 15_000_000n } },
  { provider: 'acme', model: 'house-7b', price: undefined },
] as const;

/** What the emitter says, and what it is called afterwards. */
const ERRORS = [
  { said: 'rate_limit_exceeded', status: 429, error_type: 'rate_limit' },
  { said: 'server_error', status: 500, error_type: 'server_error' },
  { said: 'context_length_exceeded', status: 400, error_type: 'context_length' },
  { said: 'APITimeoutError', status: undefined, error_type: 'timeout' },
] as const;

const ERROR_SHARE = 0.08;
const NS_PER_MS = 1_000_000n;

export interface KnownCall {
  trace_id: string;
  span_id: string;
  model: string;
  started_ns: bigint;
  latency_ns: bigint;
  /** Null where the call failed. */
  input_tokens: number | null;
  output_tokens: number | null;
  /** In 10^-12 dollars; null where the model has no published price, and where the call failed. */
  cost_pusd: bigint | null;
  /** Canonical; empty where the call went well. */
  error_type: string;
  conversation_id: string;
  attributes: PlainAttributes;
}

function hex(random: Random, digits: number): string {
  return Array.from({ length: digits }, () => random.integer(16).toString(16)).join('');
}

function knownCall(random: Random, started_ns: bigint, conversation_id: string): KnownCall {
  const { provider, model, price } = random.pick(MODELS);
  const error = random.chance(ERROR_SHARE) ? random.pick(ERRORS) : undefined;
  const input = 1 + random.integer(20_000);
  const output = 1 + random.integer(2_000);
  const attributes: PlainAttributes = [
    ['gen_ai.operation.name', 'chat'],
    ['gen_ai.provider.name', provider],
    ['gen_ai.request.model', model],
    ['gen_ai.conversation.id', conversation_id],
    ['app.note', hex(random, 40)],
  ];
  if (error) attributes.push(['error.type', error.said]);
  if (error?.status) attributes.push(['http.response.status_code', error.status]);
  if (!error) attributes.push(['gen_ai.usage.input_tokens', input], ['gen_ai.usage.output_tokens', output]);
  return {
    trace_id: hex(random, 32),
    span_id: hex(random, 16),
    model,
    started_ns,
    latency_ns: BigInt(1 + random.integer(30_000)) * NS_PER_MS + BigInt(random.integer(1_000_000)),
    input_tokens: error ? null : input,
    output_tokens: error ? null : output,
    cost_pusd: error || !price ? null : price.input * BigInt(input) + price.output * BigInt(output),
    error_type: error?.error_type ?? '',
    conversation_id,
    attributes,
  };
}

/** `count` calls of one conversation that started in the minute before `before_ms`. */
export function knownCalls(
  random: Random,
  options: { count: number; before_ms: number; conversation_id: string },
): KnownCall[] {
  return Array.from({ length: options.count }, () => {
    const started_ms = options.before_ms - random.integer(60_000);
    return knownCall(random, BigInt(started_ms) * NS_PER_MS, options.conversation_id);
  });
}

export interface OtlpBody {
  headers: Record<string, string>;
  body: Uint8Array;
}

function spanOf(call: KnownCall): PlainSpan {
  return {
    trace_id: call.trace_id,
    span_id: call.span_id,
    name: `chat ${call.model}`,
    kind: 3,
    start: call.started_ns,
    end: call.started_ns + call.latency_ns,
    attributes: call.attributes,
    ...(call.error_type ? { status_code: 2 } : {}),
  };
}

/** The calls as one request; `form` counts through protobuf, JSON, and both with gzip. */
export function otlpBody(calls: readonly KnownCall[], form = 0): OtlpBody {
  const groups = [
    {
      resource: [['service.name', 'load']] as PlainAttributes,
      scope: { name: 'test-load', version: '1' },
      spans: calls.map(spanOf),
    },
  ];
  const isJson = form % 2 === 1;
  const plain = isJson ? Buffer.from(tracesJson(groups)) : encodeTraces(groups);
  const zipped = form % 4 >= 2;
  return {
    headers: {
      'content-type': isJson ? 'application/json' : 'application/x-protobuf',
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    },
    body: zipped ? gzipSync(plain) : plain,
  };
}
