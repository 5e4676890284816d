import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPrompt, responseText } from '../../../collector/normalise/message-text.ts';
import { KeyValueList } from '../../../collector/otlp/span.ts';

const promptText = (input: Parameters<typeof readPrompt>[0]) => readPrompt(input)?.text ?? null;

const messages = [
  { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
  {
    role: 'user',
    parts: [
      { type: 'text', content: 'One' },
      { type: 'text', content: 'two' },
    ],
  },
];

test('a prompt is its text parts in order, joined by newlines', () => {
  assert.equal(promptText(JSON.stringify(messages)), 'Be brief.\nOne\ntwo');
});

test('an answer is the text parts of the first choice, joined by nothing', () => {
  const output = [
    {
      role: 'assistant',
      parts: [
        { type: 'reasoning', content: 'hm' },
        { type: 'text', content: 'Four' },
        { type: 'tool_call', name: 'f', arguments: {} },
        { type: 'text', content: '.' },
      ],
    },
    { role: 'assistant', parts: [{ type: 'text', content: 'Five' }] },
  ];
  assert.equal(responseText(JSON.stringify(output)), 'Four.');
});

test('messages as the providers’ clients write them are read too', () => {
  assert.equal(promptText(JSON.stringify([{ role: 'user', content: 'Hello' }])), 'Hello');
  assert.equal(
    responseText(JSON.stringify([{ role: 'assistant', content: [{ type: 'text', text: 'Hi' }] }])),
    'Hi',
  );
});

test('structured values read as their JSON does', () => {
  const part = new KeyValueList();
  part.keys.push('type', 'content');
  part.values.push('text', 'Hello');
  const message = new KeyValueList();
  message.keys.push('role', 'parts');
  message.values.push('user', [part]);
  assert.equal(promptText([message]), 'Hello');
});

test('plain text is its own text; nothing is none', () => {
  assert.equal(promptText('Hello'), 'Hello');
  assert.equal(promptText('[not json'), '[not json');
  assert.equal(promptText(null), null);
  assert.equal(responseText(''), null);
  assert.equal(responseText('[{"role":"assistant","parts":[{"type":"tool_call","name":"f"}]}]'), null);
});

test('messages are counted, and parts beside text noticed', () => {
  assert.deepEqual(readPrompt(JSON.stringify(messages)), {
    text: 'Be brief.\nOne\ntwo',
    messages: 2,
    multimodal: false,
  });
  for (const part of [
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    { type: 'blob', mime_type: 'image/png', modality: 'image', content: 'aGk=' },
    { type: 'input_audio', input_audio: {} },
  ]) {
    const prompt = readPrompt(
      JSON.stringify([{ role: 'user', content: [{ type: 'text', text: 'See' }, part] }]),
    );
    assert.deepEqual(prompt, { text: 'See', messages: 1, multimodal: true });
  }
  assert.equal(readPrompt(null), null);
});
