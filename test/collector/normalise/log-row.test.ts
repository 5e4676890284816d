/** GenAI events that come as log records. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialects } from '../../../collector/dialects/index.ts';
import type { NormaliseContext } from '../../../collector/normalise/call-row.ts';
import { CompiledDialects } from '../../../collector/normalise/compile.ts';
import { Gathered } from '../../../collector/normalise/gather.ts';
import { normaliseLog } from '../../../collector/normalise/log-row.ts';
import { decodeLogs } from '../../../collector/otlp/decode-protobuf.ts';
import { DEFAULT_SLICES } from '../../../collector/slices/slices.ts';
import { createRedactor } from '../../../redaction/index.ts';
import { createKeyedHash } from '../../../schemas/identity/keyed-hash.ts';
import { encodeLogs, type PlainLogRecord } from '../../support/otlp-encode.ts';

const NOW_US = Date.UTC(2026, 5, 15, 12) * 1000;
const redactor = createRedactor();
const context: NormaliseContext = {
  project: 'shop',
  received_us: NOW_US,
  retention_calls_days: 90,
  user_ids: 'pseudonym',
  slices: DEFAULT_SLICES,
  keyedHash: createKeyedHash('a test key of more than thirty-two characters'),
  redact: (text) => redactor.redact(text),
  price: () => assert.fail('a log record has no price'),
  dialects: new CompiledDialects(dialects),
  gathered: new Gathered(),
};

function normaliseOne(record: PlainLogRecord) {
  const body = encodeLogs([
    {
      resource: [['service.name', 'checkout']],
      scope: { name: 'evaluator' },
      logs: [
        {
          trace_id: '0af7651916cd43dd8448eb211c80319c',
          span_id: 'b7ad6b7169203331',
          time: BigInt(NOW_US) * 1000n,
          ...record,
        },
      ],
    },
  ]);
  return normaliseLog(decodeLogs(body)[0]!, context);
}

test('an evaluation becomes a score of its call', () => {
  const result = normaliseOne({
    event_name: 'gen_ai.evaluation.result',
    attributes: [
      ['gen_ai.evaluation.name', 'accuracy'],
      ['gen_ai.evaluation.score.value', { double: 0.75 }],
      ['gen_ai.evaluation.score.label', 'good'],
      ['gen_ai.response.id', 'chatcmpl-1'],
    ],
  });
  assert.ok(result.outcome === 'score');
  assert.equal(Buffer.from(result.row.span_id).toString('hex'), 'b7ad6b7169203331');
  const { name, value, label, source, response_id, scored_at } = result.row;
  assert.deepEqual(
    { name, value, label, source, response_id, scored_at },
    {
      name: 'accuracy',
      value: 0.75,
      label: 'good',
      source: 'evaluator',
      response_id: 'chatcmpl-1',
      scored_at: NOW_US,
    },
  );
});

test('an evaluation without a name, a number or a subject is refused by name', () => {
  const cases: [PlainLogRecord, RegExp][] = [
    [{ attributes: [['gen_ai.evaluation.score.value', 1]] }, /without gen_ai\.evaluation\.name/],
    [{ attributes: [['gen_ai.evaluation.name', 'accuracy']] }, /'accuracy' without a number/],
    [
      {
        trace_id: '',
        span_id: '',
        attributes: [
          ['gen_ai.evaluation.name', 'accuracy'],
          ['gen_ai.evaluation.score.value', 1],
        ],
      },
      /names neither its span nor gen_ai\.response\.id/,
    ],
  ];
  for (const [record, message] of cases) {
    const result = normaliseOne({ event_name: 'gen_ai.evaluation.result', ...record });
    assert.ok(result.outcome === 'rejected');
    assert.match(result.message, message);
  }
});

test('messages of older instrumentations become content, redacted, each event a part of its own', () => {
  const user = normaliseOne({
    event_name: 'gen_ai.user.message',
    body: { map: [['content', 'I am ann@example.com']] },
  });
  assert.ok(user.outcome === 'content');
  assert.equal(user.row.input, '{"content":"I am [REDACTED:email]"}');
  assert.equal(user.row.part, `${NOW_US} gen_ai.user.message`);
  const choice = normaliseOne({
    attributes: [['event.name', 'gen_ai.choice']],
    body: { map: [['message', { map: [['content', 'Hello']] }]] },
  });
  assert.ok(choice.outcome === 'content');
  assert.equal(choice.row.output, '{"message":{"content":"Hello"}}');
});

test('content without a span is refused, other events are not ours', () => {
  assert.equal(
    normaliseOne({ event_name: 'gen_ai.user.message', span_id: '', trace_id: '', body: 'x' }).outcome,
    'rejected',
  );
  assert.equal(normaliseOne({ event_name: 'http.request', body: 'x' }).outcome, 'not_a_model_call');
});
