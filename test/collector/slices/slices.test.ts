import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { noiseShare } from '../../../collector/slices/noise.ts';
import { DEFAULT_SLICES, type SliceFacts, slicesOf } from '../../../collector/slices/slices.ts';

const plain: SliceFacts = {
  input_tokens: 500,
  output_tokens: 100,
  context_window: 128_000,
  finish_reason: 'stop',
  prompt: 'Please sum up the minutes of our last meeting in three sentences.',
  messages: 2,
  multimodal: false,
};

const examples: [name: string, facts: Partial<SliceFacts>, expected: string[]][] = [
  ['an ordinary call is in none', {}, []],
  ['64 input tokens are short, 65 are not', { input_tokens: 64 }, ['short']],
  ['65 are not', { input_tokens: 65 }, []],
  [
    'without a count the prompt’s length decides',
    { input_tokens: null, prompt: 'Hello there, friend' },
    ['short'],
  ],
  ['without count and content nothing is said', { input_tokens: null, prompt: null, messages: null }, []],
  ['twelve messages are a long thread', { messages: 12 }, ['long_thread']],
  ['half the window is a long context', { input_tokens: 63_900, output_tokens: 100 }, ['long_context']],
  ['just below half is none', { input_tokens: 63_899, output_tokens: 100 }, []],
  ['without a window the tokens decide', { context_window: null, input_tokens: 32_000 }, ['long_context']],
  ['an image makes it multimodal', { multimodal: true }, ['multimodal']],
  ['an answer cut off by its limit is truncated', { finish_reason: 'MAX_TOKENS' }, ['truncated']],
  ['a prompt of debris is noisy', { prompt: 'aaaaaaaaaaaa �� ☐☐☐☐ what is this' }, ['noisy']],
];

for (const [name, facts, expected] of examples) {
  test(`slices: ${name}`, () => {
    assert.deepEqual(slicesOf({ ...plain, ...facts }, DEFAULT_SLICES), expected);
  });
}

test('noise: prose, code, tables, other scripts and emoji are none; broken text is', () => {
  for (const text of [
    'The quick brown fox jumps over the lazy dog, and then again.',
    'const x = items.filter((i) => i.ok && !i.gone).map((i) => i.name + 1);',
    '| a | b |\n|----|----|\n| 1 | 2 |\n==========================',
    'Können Sie mir das bitte erklären? Überhaupt nicht schlimm.',
    'これは日本語の文章です。とても短いですが、意味はあります。',
    'Great job 👍🏽 see you tomorrow 🎉🎉 at the office 👩‍💻',
  ]) {
    assert.ok(noiseShare(text) < 0.1, `${noiseShare(text)}: ${text}`);
  }
  for (const text of [
    '���������� caf��',
    'looooooooooooooool',
    '\u0001\u0002\u0003\u0004 hi there \u0005\u0006\u0007',
    '■□▪▫◆◇○● ok?',
  ]) {
    assert.ok(noiseShare(text) >= 0.3, `${noiseShare(text)}: ${text}`);
  }
});

test('noise is a share, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 6_000 }), (text) => {
      const share = noiseShare(text);
      assert.ok(share >= 0 && share <= 1);
    }),
    { numRuns: 50 },
  );
});
