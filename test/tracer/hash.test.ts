import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { promptText, textHash } from '../../tracer/hash.ts';

test('a hash is the SHA-256 of the exact UTF-8 bytes, and no text has none', () => {
  const text = ' Zeile 1\r\nÜber 👋 ';
  assert.equal(textHash(text), createHash('sha256').update(Buffer.from(text, 'utf8')).digest('hex'));
  assert.equal(textHash(''), undefined);
  assert.equal(textHash(undefined), undefined);
});

test('a prompt’s text is that of its messages in order, joined by newlines, in every shape', () => {
  const wanted = 'Be brief.\nWhat is this?';
  const shapes: unknown[] = [
    wanted,
    ['Be brief.', 'What is this?'],
    [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is this?' },
    ],
    [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Be brief.' },
          { type: 'image_url', image_url: {} },
          { type: 'text', text: 'What is this?' },
        ],
      },
    ],
    [
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Be brief.' },
          { type: 'input_text', text: 'What is this?' },
        ],
      },
    ],
    [
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'Be brief.' },
          { type: 'text', content: 'What is this?' },
        ],
      },
    ],
    [
      {
        role: 'user',
        parts: [{ text: 'Be brief.' }, { inlineData: { data: 'AAAA' } }, { text: 'What is this?' }],
      },
    ],
  ];
  for (const shape of shapes) assert.equal(promptText(shape), wanted, JSON.stringify(shape));
});

test('tool calls, tool results, reasoning and what is no message are no text', () => {
  const content = [
    { type: 'tool_use', id: 't', name: 'f', input: { text: 'no' } },
    { type: 'tool_result', content: 'no' },
    { type: 'thinking', thinking: 'no' },
    { type: 'reasoning', content: 'no' },
  ];
  assert.equal(promptText([{ role: 'assistant', content }]), '');
  for (const nothing of [undefined, null, 5, {}, [], [null, 7]]) assert.equal(promptText(nothing), '');
});
