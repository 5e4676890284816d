import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelOfName, splitModel } from '../../../collector/normalise/model-names.ts';
import { canonicalProvider, providerOf } from '../../../collector/normalise/providers.ts';

const nothing = { reported: '', host: '', prefix: '', model: '' };

test('a framework that gives its own name as the provider’s names none', () => {
  for (const name of [
    'gcp.vertex.agent',
    'strands-agents',
    'LangChain',
    'Unknown',
    'microsoft.agent_framework',
  ]) {
    assert.equal(canonicalProvider(name), '', name);
  }
  assert.equal(
    providerOf({ ...nothing, reported: 'strands-agents', model: 'claude-sonnet-4-5' }),
    'anthropic',
  );
});

test('the AI SDK’s provider with its API becomes the provider', () => {
  for (const [reported, expected] of [
    ['anthropic.messages', 'anthropic'],
    ['openai.responses', 'openai'],
    ['google.generative-ai', 'gcp.gemini'],
    ['google.vertex.chat', 'gcp.vertex_ai'],
    ['azure-openai.chat', 'azure.ai.openai'],
    ['amazon-bedrock', 'aws.bedrock'],
  ] as const) {
    assert.equal(canonicalProvider(reported), expected, reported);
  }
});

test('a known host is surer than the name of OpenAI’s client, but than no other name', () => {
  const openai = { ...nothing, reported: 'openai', model: 'llama-3.3-70b' };
  assert.equal(providerOf({ ...openai, host: 'api.groq.com' }), 'groq');
  assert.equal(providerOf({ ...openai, host: 'https://mine.openai.azure.com:443/v1' }), 'azure.ai.openai');
  assert.equal(providerOf({ ...openai, host: 'localhost' }), 'openai');
  assert.equal(providerOf({ ...openai, host: 'api.groq.com.evil.example' }), 'openai');
  assert.equal(providerOf({ ...nothing, reported: 'my-gateway', host: 'api.openai.com' }), 'my-gateway');
});

test('without a name the host, the model’s prefix and the model tell, in this order', () => {
  const asked = { ...nothing, model: 'gpt-4o' };
  assert.equal(providerOf({ ...asked, host: 'openrouter.ai', prefix: 'openai' }), 'openrouter');
  assert.equal(providerOf({ ...asked, prefix: 'azure.ai.openai' }), 'azure.ai.openai');
  assert.equal(providerOf(asked), 'openai');
  assert.equal(
    providerOf({ ...nothing, model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' }),
    'aws.bedrock',
  );
  assert.equal(providerOf({ ...nothing, model: 'my-own-model' }), '');
});

test('Google’s paths are taken off a model’s name; dated names stay, since they are other models', () => {
  assert.equal(splitModel('publishers/google/models/gemini-2.5-pro').model, 'gemini-2.5-pro');
  assert.equal(
    splitModel('projects/p/locations/l/publishers/google/models/gemini-2.5-pro').model,
    'gemini-2.5-pro',
  );
  assert.equal(splitModel('gpt-4o-2024-08-06').model, 'gpt-4o-2024-08-06');
});

test('the model in the name of a call’s span is found, and in no other', () => {
  assert.equal(modelOfName('chat claude-sonnet-4-5'), 'claude-sonnet-4-5');
  assert.equal(modelOfName('openai.chat'), '');
  assert.equal(modelOfName('chat with me now'), '');
});
