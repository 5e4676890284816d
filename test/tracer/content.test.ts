import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, beforeEach, test } from 'node:test';
import { createScrubber } from '../../tracer/content/scrubber.ts';
import { type ContentMode, configure, recordModelCall, traceModelCall } from '../../tracer/index.ts';
import { recordSpans, takeSpan, takeSpans } from './support/recorded-spans.ts';

before(recordSpans);
beforeEach(() => {
  takeSpans();
  configure({ content: 'hash', redaction: {} });
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const options = {
  model: 'm',
  provider: 'openai',
  input: 'Mail ann@example.com',
  system: 'Key sk-ant-api03-abcdefghijkl',
};
const answer = { choices: [{ message: { content: 'Wrote to ann@example.com' }, finish_reason: 'stop' }] };

function attributesIn(content: ContentMode) {
  configure({ content });
  traceModelCall(options, () => answer);
  return takeSpan().attributes;
}

test('off sends neither text nor hash, and a mode that does not exist is off', () => {
  for (const mode of ['off', 'everything' as ContentMode] as const) {
    const attributes = attributesIn(mode);
    assert.deepEqual(
      Object.keys(attributes).filter((name) => /hash|messages|instructions/.test(name)),
      [],
    );
  }
});

test('hash sends the hashes of the exact texts and no text', () => {
  const attributes = attributesIn('hash');
  assert.equal(attributes['plumbline.prompt.hash'], sha256('Mail ann@example.com'));
  assert.equal(attributes['plumbline.response.hash'], sha256('Wrote to ann@example.com'));
  assert.doesNotMatch(JSON.stringify(attributes), /ann|Wrote/);
});

test('redacted sends texts in the conventions’ form without what must not leave', () => {
  const attributes = attributesIn('redacted');
  assert.deepEqual(JSON.parse(String(attributes['gen_ai.input.messages'])), [
    { role: 'user', parts: [{ type: 'text', content: 'Mail [REDACTED:email]' }] },
  ]);
  assert.deepEqual(JSON.parse(String(attributes['gen_ai.output.messages'])), [
    {
      role: 'assistant',
      parts: [{ type: 'text', content: 'Wrote to [REDACTED:email]' }],
      finish_reason: 'stop',
    },
  ]);
  assert.match(String(attributes['gen_ai.system_instructions']), /\[REDACTED:api_key\]/);
  assert.equal(
    attributes['plumbline.response.hash'],
    sha256('Wrote to ann@example.com'),
    'of the exact text',
  );
});

test('messages of every shape keep their roles and parts; media stay behind', () => {
  configure({ content: 'redacted' });
  const input = [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Call +1 (555) 010-9999' },
        { type: 'image_url', image_url: { url: 'https://example.com/secret.png' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 't1', type: 'function', function: { name: 'f', arguments: '{"password":"hunter22"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 't1', content: 'to ann@example.com' },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't2', content: 'bob@example.com' }] },
    { type: 'function_call_output', call_id: 't3', output: 'carol@example.com' },
    { role: 'assistant', content: [{ type: 'thinking', thinking: 'dan@example.com', signature: 's' }] },
  ];
  traceModelCall({ ...options, input }, () => answer);
  const sent = String(takeSpan().attributes['gen_ai.input.messages']);
  assert.doesNotMatch(sent, /example\.com|hunter22|010-9999/);
  const messages = JSON.parse(sent) as { role: string; parts: { type: string; name?: string }[] }[];
  assert.deepEqual(
    messages.map(({ role, parts }) => [role, ...parts.map(({ type }) => type)]),
    [
      ['system', 'text'],
      ['user', 'text', 'blob'],
      ['assistant', 'tool_call'],
      ['tool', 'tool_call_response'],
      ['user', 'tool_call_response'],
      ['tool', 'tool_call_response'],
      ['assistant', 'reasoning'],
    ],
  );
});

test('recorded calls obey the same mode, and a hash computed elsewhere passes in every mode', () => {
  const call = { model: 'm', provider: 'p', latency_ms: 1, response: 'ann@example.com' };
  configure({ content: 'redacted' });
  recordModelCall(call);
  assert.match(String(takeSpan().attributes['gen_ai.output.messages']), /\[REDACTED:email\]/);
  configure({ content: 'off' });
  recordModelCall({ ...call, response_hash: sha256('x') });
  const { attributes } = takeSpan();
  assert.equal(attributes['plumbline.response.hash'], sha256('x'));
  assert.equal('gen_ai.output.messages' in attributes, false);
});

test('rules of the user’s own are applied after the detectors', () => {
  const rules = [{ name: 'employee id', pattern: /\bE-\d{5}\b/ }];
  const scrub = createScrubber({ rules }).begin();
  assert.equal(
    scrub.text('E-12345 and E-54321, a@b.co'),
    '[REDACTED:employee_id] and [REDACTED:employee_id], [REDACTED:email]',
  );
  assert.throws(() => createScrubber({ rules: [{ name: 'x', pattern: undefined as never }] }));
});

test('what is too long, too late or breaks is given up as a whole', () => {
  assert.equal(createScrubber({ max_chars: 10 }).begin().text('x'.repeat(11)), '[REDACTED:error]');
  const late = createScrubber({ budget_ms: -1 }).begin();
  assert.equal(late.text('harmless'), '[REDACTED:error]');
  const slow = { name: 'slow', pattern: /(a+)+$/ };
  const scrub = createScrubber({ rules: [slow], budget_ms: 5 }).begin();
  assert.equal(scrub.text(`${'a'.repeat(22)}!`), '[REDACTED:error]');
  assert.equal(scrub.text('what comes after it'), '[REDACTED:error]');
});

test('national ids are found by country, and only where their check holds', () => {
  const good = {
    us_ssn: '536-22-1234',
    gb_nino: 'AB 12 34 56 C',
    es_dni: '12345678Z',
    fr_nir: '1 84 12 76 451 089 46',
    de_steuer_id: '86095742719',
    nl_bsn: '111222333',
    pl_pesel: '44051401359',
    br_cpf: '529.982.247-25',
  } as const;
  const bad = [
    '000-22-1234',
    'GB123456C',
    '12345678A',
    '1 84 12 76 451 089 47',
    '86095742718',
    '111222334',
    '44051401358',
    '529.982.247-26',
  ];
  for (const [index, [kind, number]] of Object.entries(good).entries()) {
    const scrub = createScrubber({ kinds: [], national_ids: [kind as keyof typeof good] }).begin();
    assert.equal(scrub.text(`id ${number}.`), `id [REDACTED:${kind}].`);
    assert.equal(scrub.text(`id ${bad[index]}.`), `id ${bad[index]}.`, kind);
    assert.equal(createScrubber({ kinds: [] }).begin().text(number), number, 'not asked for');
  }
});
