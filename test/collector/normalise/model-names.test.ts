import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalModel, splitModel } from '../../../collector/normalise/model-names.ts';
import { canonicalProvider } from '../../../collector/normalise/providers.ts';

test('a provider before the model is taken off, an organisation is part of the name', () => {
  assert.deepEqual(splitModel('openai/gpt-4o'), { model: 'gpt-4o', is_placeholder: false, prefix: 'openai' });
  assert.deepEqual(splitModel('openrouter/anthropic/claude-sonnet-4'), {
    model: 'claude-sonnet-4',
    is_placeholder: false,
    prefix: 'openrouter',
  });
  assert.deepEqual(splitModel('models/gemini-2.5-pro'), {
    model: 'gemini-2.5-pro',
    is_placeholder: false,
    prefix: '',
  });
  assert.deepEqual(splitModel('meta-llama/Llama-3.1-8B'), {
    model: 'meta-llama/Llama-3.1-8B',
    is_placeholder: false,
    prefix: '',
  });
});

test('a failure counts under the model that was asked for, as its successes do', () => {
  assert.equal(canonicalModel('gpt-4o', 'gpt-4o-2024-08-06').model, 'gpt-4o');
  assert.equal(canonicalModel('gpt-4o', '').model, 'gpt-4o');
});

test('a placeholder gives way to what answered', () => {
  assert.equal(canonicalModel('chat', 'gpt-4o-mini').model, 'gpt-4o-mini');
  assert.equal(canonicalModel('', 'gpt-4o-mini').model, 'gpt-4o-mini');
  assert.equal(canonicalModel('chat', '').model, 'chat');
});

test('old and foreign spellings of a provider are one', () => {
  for (const [reported, expected] of [
    ['vertex_ai', 'gcp.vertex_ai'],
    ['az.ai.openai', 'azure.ai.openai'],
    ['openai.chat', 'openai'],
    ['OpenAI', 'openai'],
    ['xai', 'x_ai'],
    ['my-gateway', 'my-gateway'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
  ] as const) {
    assert.equal(canonicalProvider(reported), expected);
  }
});
