/** What the tables of dialects are made of: members of JSON, units, flattened messages, times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialects } from '../../../collector/dialects/index.ts';
import { CompiledDialects, position } from '../../../collector/normalise/compile.ts';
import { finishReason } from '../../../collector/normalise/finish-reason.ts';
import { Gathered } from '../../../collector/normalise/gather.ts';
import { timingOf } from '../../../collector/normalise/timing.ts';
import { decodeTraces } from '../../../collector/otlp/decode-protobuf.ts';
import type { Span } from '../../../collector/otlp/span.ts';
import { encodeTraces, type PlainAttributes, type PlainSpan } from '../../support/otlp-encode.ts';

const START = 1_790_000_000_000_000_000n;
const compiled = new CompiledDialects(dialects);

function gathered(attributes: PlainAttributes, more: Partial<PlainSpan> = {}, scope = 'x') {
  const plain: PlainSpan = {
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    span_id: 'b7ad6b7169203331',
    name: 'x',
    start: START,
    end: START + 500_000_000n,
    attributes,
    ...more,
  };
  const span: Span = decodeTraces(encodeTraces([{ scope: { name: scope }, spans: [plain] }]))[0]!;
  const plan = compiled.planOf(span.scope, span.attributes);
  assert.ok(plan);
  const fields = new Gathered();
  fields.fill(plan, span.attributes);
  return { fields, span, plan, dialect: plan.dialect };
}

const langfuse = (name: string, value: string): [string, string] => [`langfuse.observation.${name}`, value];

test('members of JSON feed several fields, of nested ones too; what is no JSON feeds none', () => {
  const usage = { prompt_tokens: 7, completion_tokens: '3', prompt_tokens_details: { cached_tokens: 2 } };
  const { fields } = gathered([
    langfuse('type', 'generation'),
    langfuse('usage_details', JSON.stringify(usage)),
  ]);
  assert.equal(fields.get(position.input_tokens), 7);
  assert.equal(fields.get(position.output_tokens), '3');
  assert.equal(fields.get(position.cache_read_tokens), 2);
  assert.equal(
    gathered([langfuse('type', 'generation'), langfuse('usage_details', '{oops')]).fields.get(
      position.input_tokens,
    ),
    null,
  );
});

test('JSON cannot reach what objects inherit', () => {
  const { fields } = gathered([
    langfuse('type', 'generation'),
    langfuse('usage_details', '{"__proto__":{"input":5}}'),
  ]);
  assert.equal(fields.get(position.input_tokens), null);
});

test('flattened messages come together in the order of their indexes, wrappers taken off', () => {
  const message = 'llm.input_messages';
  const { fields } = gathered([
    ['openinference.span.kind', 'LLM'],
    [`${message}.10.message.content`, 'last'],
    [`${message}.2.message.role`, 'user'],
    [`${message}.2.message.contents.0.message_content.type`, 'text'],
    [`${message}.2.message.contents.0.message_content.text`, 'first'],
    [`${message}.2.message.tool_calls.0.tool_call.function.name`, 'f'],
  ]);
  assert.deepEqual(JSON.parse(String(fields.get(position.input))), [
    { role: 'user', content: [{ type: 'text', text: 'first' }], tool_calls: [{ function: { name: 'f' } }] },
    { content: 'last' },
  ]);
});

test('content in another dialect’s attributes is content all the same', () => {
  const { plan } = gathered([
    ['gen_ai.operation.name', 'chat'],
    ['traceloop.entity.input', 'said'],
    ['llm.output_messages.0.message.content', 'told'],
    ['app.tenant', 'acme'],
  ]);
  assert.equal(plan.rest.length, 1);
});

test('names that only look like flattened messages are attributes; variables of a prompt are content', () => {
  const { fields, plan, span } = gathered([
    ['gen_ai.operation.name', 'chat'],
    ['gen_ai.prompt.name', 'greeting'],
    ['gen_ai.prompt.version', '12'],
    ['gen_ai.prompt.variable.customer', 'Ann'],
  ]);
  assert.deepEqual(
    plan.rest.map((index) => span.attributes.keys[index]),
    ['gen_ai.prompt.name', 'gen_ai.prompt.version'],
  );
  assert.equal(fields.get(position.input), null);
});

test('the time to the first token is milliseconds, from seconds, milliseconds, points in time and events', () => {
  const ttft = (...args: Parameters<typeof gathered>): number | null => {
    const { fields, span, dialect } = gathered(...args);
    return timingOf(span, fields, dialect).ttft_ms;
  };
  const chat: PlainAttributes = [['gen_ai.operation.name', 'chat']];
  assert.equal(ttft([...chat, ['gen_ai.response.time_to_first_chunk', { double: 0.25 }]]), 250);
  assert.equal(ttft([...chat, ['gen_ai.response.time_to_first_chunk', '0.25']]), 250);
  assert.equal(ttft([...chat, ['gen_ai.client.operation.time_to_first_chunk', 1]]), 1_000);
  assert.equal(
    ttft([...chat, ['gen_ai.server.time_to_first_token', 2]], {}, 'openlit.instrumentation.openai'),
    2_000,
  );
  assert.equal(
    ttft([...chat, ['gen_ai.server.time_to_first_token', 250]], {}, 'strands.telemetry.tracer'),
    250,
  );
  assert.equal(
    ttft([
      ['ai.operationId', 'ai.streamText.doStream'],
      ['ai.response.msToFirstChunk', 12],
    ]),
    12,
  );
  assert.equal(
    ttft([
      ['ai.operationId', 'ai.streamObject.doStream'],
      ['ai.stream.msToFirstChunk', 13],
    ]),
    13,
  );
  const first = new Date(Number(START / 1_000_000n) + 80).toISOString();
  assert.equal(ttft([langfuse('type', 'generation'), langfuse('completion_start_time', `"${first}"`)]), 80);
  const event = { name: 'First Token Stream Event', time: START + 90_000_000n };
  assert.equal(ttft([['openinference.span.kind', 'LLM']], { events: [event] }), 90);
  assert.equal(ttft([...chat, ['gen_ai.response.time_to_first_chunk', { double: Number.NaN }]]), null);
  assert.equal(ttft([...chat, ['gen_ai.response.time_to_first_chunk', -1]]), null);
});

test('of an answer in one piece there is no first token, whatever the emitter says', () => {
  const { fields, span, dialect } = gathered([
    ['gen_ai.operation.name', 'chat'],
    ['gen_ai.request.stream', false],
    ['gen_ai.server.time_to_first_token', { double: 0.5 }],
  ]);
  assert.equal(timingOf(span, fields, dialect).ttft_ms, null);
});

test('a stream that is logged at its end gets the duration told, and began that much earlier', () => {
  const { fields, span, dialect } = gathered(
    [
      ['logfire.span_type', 'log'],
      ['duration', { double: 1.5 }],
    ],
    { end: START },
    'logfire.openai',
  );
  const { started_us, duration_ms, is_stream } = timingOf(span, fields, dialect);
  assert.deepEqual([duration_ms, is_stream], [1_500, true]);
  assert.equal(started_us, Number(START / 1_000n) - 1_500_000);
});

test('the finish reason has one spelling', () => {
  for (const [told, expected] of [
    [['stop'], 'stop'],
    ['["tool-calls"]', 'tool_calls'],
    ['FinishReason.TOOL_CALLS', 'tool_calls'],
    ['tool_call,stop', 'tool_calls'],
    ['"stop"', 'stop'],
    ['end_turn', 'end_turn'],
    [null, ''],
  ] as const) {
    assert.equal(finishReason(Array.isArray(told) ? [...told] : (told as string | null)), expected);
  }
});
