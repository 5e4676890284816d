/** From a span as it arrives to the record, worked out by hand from the conventions. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { dialects } from '../../../collector/dialects/index.ts';
import { type NormaliseContext, type Normalised, normalise } from '../../../collector/normalise/call-row.ts';
import { CompiledDialects } from '../../../collector/normalise/compile.ts';
import { Gathered } from '../../../collector/normalise/gather.ts';
import { decodeTraces } from '../../../collector/otlp/decode-protobuf.ts';
import { createBundledPrices } from '../../../collector/price/bundled-prices.ts';
import { createPricer } from '../../../collector/price/pricer.ts';
import { DEFAULT_SLICES } from '../../../collector/slices/slices.ts';
import { createRedactor } from '../../../redaction/index.ts';
import { createKeyedHash } from '../../../schemas/identity/keyed-hash.ts';
import { encodeTraces, type PlainAttributes, type PlainSpan } from '../../support/otlp-encode.ts';

const KEY = 'a test key of more than thirty-two characters';
const NOW_US = Date.UTC(2026, 5, 15, 12) * 1000;
const START = BigInt(NOW_US) * 1000n - 60_000_000_000n;
const redactor = createRedactor();
const context: NormaliseContext = {
  project: 'shop',
  received_us: NOW_US,
  retention_calls_days: 90,
  user_ids: 'pseudonym',
  slices: DEFAULT_SLICES,
  keyedHash: createKeyedHash(KEY),
  redact: (text) => redactor.redact(text),
  price: createPricer({ bundled: createBundledPrices() }),
  dialects: new CompiledDialects(dialects),
  gathered: new Gathered(),
};

const resource: PlainAttributes = [
  ['service.name', 'checkout'],
  ['service.version', '1.2.3'],
  ['deployment.environment.name', 'production'],
  ['service.instance.id', 'pod-7'],
];

function normaliseOne(
  attributes: PlainAttributes,
  more: Partial<PlainSpan> = {},
  overrides: Partial<NormaliseContext> = {},
): Normalised {
  const span: PlainSpan = {
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    span_id: 'b7ad6b7169203331',
    name: 'chat gpt-4o',
    kind: 3,
    start: START,
    end: START + 1_234_567_890n,
    attributes,
    ...more,
  };
  const body = encodeTraces([{ resource, scope: { name: 'my-scope', version: '1' }, spans: [span] }]);
  return normalise(decodeTraces(body)[0]!, { ...context, ...overrides });
}

function callOf(...args: Parameters<typeof normaliseOne>) {
  const result = normaliseOne(...args);
  assert.ok(result.outcome === 'call' || result.outcome === 'carrier', result.outcome);
  return result;
}

const chat: PlainAttributes = [
  ['gen_ai.operation.name', 'chat'],
  ['gen_ai.provider.name', 'openai'],
  ['gen_ai.request.model', 'gpt-4o'],
];

const hmac = (purpose: string, data: Uint8Array | string) =>
  createHmac('sha256', KEY).update(`${purpose}\0shop\0`).update(data).digest();
const sha256 = (text: string) => createHash('sha256').update(text).digest();

test('a call under the current names becomes its record', () => {
  const { row, payload } = callOf([
    ...chat,
    ['gen_ai.response.model', 'gpt-4o-2024-08-06'],
    ['gen_ai.response.id', 'chatcmpl-1'],
    ['gen_ai.response.finish_reasons', ['stop']],
    ['gen_ai.response.time_to_first_chunk', { double: 0.25 }],
    ['gen_ai.request.stream', true],
    ['gen_ai.usage.input_tokens', 1000],
    ['gen_ai.usage.output_tokens', 200],
    ['gen_ai.usage.cache_read.input_tokens', 400],
    ['gen_ai.usage.reasoning.output_tokens', 50],
    ['gen_ai.conversation.id', 'conv-1'],
    ['user.id', 'alice'],
    ['http.response.status_code', 200],
    ['plumbline.response.hash', sha256('Four.').toString('hex')],
    ['plumbline.confidence', { double: 0.5 }],
    ['plumbline.request_type', 'support'],
    ['plumbline.variant', 'canary'],
    ['plumbline.slices', ['vip', 'short']],
    ['plumbline.client_retries', 2],
    ['gen_ai.request.temperature', { double: 0.2 }],
    ['app.tenant', 'acme'],
  ]);
  assert.equal(payload, undefined);
  const { trace_id, span_id, parent_span_id, process, prompt_hash, response_hash, cost_usd, ...rest } = row;
  assert.equal(Buffer.from(trace_id).toString('hex'), '0af7651916cd43dd8448eb211c80319c');
  assert.equal(Buffer.from(span_id).toString('hex'), 'b7ad6b7169203331');
  assert.equal(Buffer.from(parent_span_id).toString('hex'), '0000000000000000');
  assert.equal(typeof process, 'bigint');
  assert.equal(prompt_hash, null);
  assert.deepEqual(Buffer.from(response_hash!), hmac('text', sha256('Four.')));
  // 600 plain at $2.50, 400 cached at $1.25, 200 out at $10 a million.
  assert.ok(Math.abs(cost_usd! - 0.004) < 1e-12);
  assert.deepEqual(rest, {
    project: 'shop',
    started_at: Number(START / 1000n),
    version: NOW_US,
    kind: 'call',
    clock_skewed: false,
    truncated: false,
    stream: true,
    service: 'checkout',
    service_version: '1.2.3',
    environment: 'production',
    operation: 'chat',
    provider: 'openai',
    model: 'gpt-4o',
    request_model: 'gpt-4o',
    response_model: 'gpt-4o-2024-08-06',
    variant: 'canary',
    request_type: 'support',
    slices: ['vip', 'short'],
    user_id: `u_${hmac('user', 'alice').toString('hex').slice(0, 32)}`,
    conversation_id: 'conv-1',
    input_tokens: 1000,
    output_tokens: 200,
    cache_read_tokens: 400,
    cache_write_tokens: null,
    reasoning_tokens: 50,
    token_basis: 'unknown',
    context_window: 128_000,
    duration_ms: 1234.56789,
    ttft_ms: 250,
    cost_input_usd: 0.002,
    cost_output_usd: 0.002,
    cost_reported_usd: null,
    cost_status: 'priced',
    price_version: 'genai-prices-0.1.8',
    status: 'ok',
    error_type: '',
    error_type_raw: '',
    http_status: 200,
    error_message: '',
    response_id: 'chatcmpl-1',
    client_retries: 2,
    finish_reason: 'stop',
    confidence: 0.5,
    dialect: 'otel-genai',
    scope: 'my-scope',
    attributes: ['gen_ai.request.temperature', '0.2', 'app.tenant', 'acme'],
  });
});

test('the names before 1.37 become the same record', () => {
  const { row } = callOf([
    ['gen_ai.operation.name', 'chat'],
    ['gen_ai.system', 'az.ai.openai'],
    ['gen_ai.request.model', 'gpt-4o'],
    ['gen_ai.usage.prompt_tokens', 10],
    ['gen_ai.usage.completion_tokens', '5'],
  ]);
  assert.deepEqual([row.provider, row.input_tokens, row.output_tokens], ['azure.ai.openai', 10, 5]);
});

test('of two names for one field the newer wins, in whatever order they come', () => {
  for (const order of [
    ['gen_ai.usage.prompt_tokens', 'gen_ai.usage.input_tokens'],
    ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'],
  ]) {
    const counts: PlainAttributes = order.map((key) => [key, key.includes('input') ? 7 : 99]);
    assert.equal(callOf([...chat, ...counts]).row.input_tokens, 7);
  }
});

test('content goes, redacted, to the payload and nowhere else', () => {
  const input = JSON.stringify([
    { role: 'user', parts: [{ type: 'text', content: 'I am ann@example.com' }] },
  ]);
  const output = JSON.stringify([
    { role: 'assistant', parts: [{ type: 'text', content: 'Hello ann@example.com' }] },
  ]);
  const { row, payload } = callOf([
    ...chat,
    ['gen_ai.input.messages', input],
    ['gen_ai.output.messages', output],
    ['gen_ai.system_instructions', '[{"type":"text","content":"Be kind"}]'],
    ['note', 'write to bob@example.com'],
  ]);
  assert.ok(payload);
  assert.equal(payload.input, input.replace('ann@example.com', '[REDACTED:email]'));
  assert.equal(payload.output, output.replace('ann@example.com', '[REDACTED:email]'));
  assert.match(payload.system, /Be kind/);
  assert.deepEqual(row.attributes, ['note', 'write to [REDACTED:email]']);
  // The hash is of the text itself, so that equal answers meet whoever sent them.
  assert.deepEqual(Buffer.from(row.response_hash!), hmac('text', sha256('Hello ann@example.com')));
  assert.deepEqual(Buffer.from(row.prompt_hash!), hmac('text', sha256('I am ann@example.com')));
  const stored = JSON.stringify([row, payload], (_key, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  assert.doesNotMatch(stored, /@example/);
});

test('content told by events of the span is found', () => {
  const { payload } = callOf(chat, {
    events: [
      { name: 'gen_ai.user.message', time: START, attributes: [['content', 'One and one?']] },
      {
        name: 'gen_ai.choice',
        time: START,
        attributes: [['gen_ai.event.content', '{"message":{"content":"Two"}}']],
      },
    ],
  });
  assert.equal(payload?.input, 'One and one?');
  assert.equal(payload?.output, '{"message":{"content":"Two"}}');
});

test('an error is classed, its message redacted and kept short', () => {
  const { row } = callOf([...chat, ['error.type', 'RateLimitError'], ['http.response.status_code', 429]], {
    status_code: 2,
    status_message: `slow down, key sk-proj-${'Ab3'.repeat(16)} ${'x'.repeat(5_000)}`,
  });
  assert.deepEqual(
    [row.status, row.error_type, row.error_type_raw, row.http_status],
    ['error', 'rate_limit', 'RateLimitError', 429],
  );
  assert.match(row.error_message, /^slow down, key \[REDACTED:/);
  assert.equal(row.error_message.length, 1_024);
});

test('an exception that was recovered from is no error; with an error status it names the class', () => {
  const exception = {
    name: 'exception',
    time: START,
    attributes: [
      ['exception.type', 'openai.APITimeoutError'],
      ['exception.message', 'too slow'],
    ] as PlainAttributes,
  };
  assert.equal(callOf(chat, { events: [exception] }).row.status, 'ok');
  const { row } = callOf(chat, { events: [exception], status_code: 2 });
  assert.deepEqual(
    [row.error_type, row.error_type_raw, row.error_message],
    ['timeout', 'openai.APITimeoutError', 'too slow'],
  );
});

test('missing counts are null, absurd ones too; nothing is priced without them', () => {
  const { row } = callOf([
    ...chat,
    ['gen_ai.usage.input_tokens', { double: Number.NaN }],
    ['gen_ai.usage.output_tokens', -5],
  ]);
  assert.deepEqual(
    [row.input_tokens, row.output_tokens, row.cost_usd, row.cost_status],
    [null, null, null, 'unpriced'],
  );
});

test('agents that carry usage are carriers, without it and other operations are not stored', () => {
  const agent: PlainAttributes = [
    ['gen_ai.operation.name', 'invoke_agent'],
    ['gen_ai.agent.name', 'planner'],
  ];
  assert.equal(callOf([...agent, ['gen_ai.usage.input_tokens', 5]]).row.kind, 'carrier');
  assert.equal(normaliseOne(agent).outcome, 'not_a_model_call');
  for (const operation of ['execute_tool', 'create_agent', 'retrieval', 'fetch_response']) {
    assert.equal(
      normaliseOne([
        ['gen_ai.operation.name', operation],
        ['gen_ai.request.model', 'gpt-4o'],
      ]).outcome,
      'not_a_model_call',
    );
  }
  assert.equal(normaliseOne([['http.request.method', 'GET']]).outcome, 'not_a_model_call');
});

test('user ids are pseudonyms, raw or dropped, as the setting says', () => {
  const attributes: PlainAttributes = [...chat, ['user.id', 'alice']];
  assert.match(callOf(attributes).row.user_id, /^u_[0-9a-f]{32}$/);
  assert.equal(callOf(attributes, {}, { user_ids: 'raw' }).row.user_id, 'alice');
  assert.equal(callOf(attributes, {}, { user_ids: 'drop' }).row.user_id, '');
  const other = callOf(attributes, {}, { project: 'other' }).row.user_id;
  assert.notEqual(other, callOf(attributes).row.user_id);
});

test('keys that JavaScript knows are kept as they stand and harm nothing', () => {
  const { row } = callOf([...chat, ['__proto__', 'x'], ['constructor', 'y'], ['toString', 'z']]);
  assert.deepEqual(row.attributes, ['__proto__', 'x', 'constructor', 'y', 'toString', 'z']);
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

test('more attributes than are kept, and longer ones, are cut and marked', () => {
  const many: PlainAttributes = Array.from({ length: 200 }, (_, i) => [`key.${i}`, i]);
  const { row } = callOf([...chat, ...many]);
  assert.equal(row.attributes.length, 2 * 128);
  assert.equal(row.truncated, true);
  const long = callOf([...chat, ['long', 'é'.repeat(10_000)]]).row;
  assert.equal(long.attributes[1]!.length, 4_096);
  assert.equal(long.truncated, true);
  // What redaction makes short enough was cut before it, all the same.
  const shrunk = callOf([
    ...chat,
    ['long', 'ann.of.a.very.long.name.indeed@subdomain.example.com '.repeat(200)],
  ]).row;
  assert.ok(shrunk.attributes[1]!.startsWith('[REDACTED:email] [REDACTED:email]'));
  assert.equal(shrunk.truncated, true);
});
