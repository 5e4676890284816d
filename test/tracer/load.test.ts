/** The zero-edit way: applications that know nothing of the tracer, started with it, as ES modules and as CommonJS. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ChildOptions, runApplication } from './support/child.ts';

let receiver: OtlpReceiver;
let provider: FakeProvider;
before(async () => {
  receiver = await startOtlpReceiver();
  provider = await startFakeProvider();
});
beforeEach(() => void receiver.spans.splice(0));
after(async () => {
  await receiver.close();
  await provider.close();
});

const OPENAI = `
  const openai = new OpenAI({ apiKey: 'none', baseURL: process.env.PROVIDER + '/v1' });
  await openai.chat.completions.create({ model: 'chat', messages: [{ role: 'user', content: 'hi' }] });
`;
const ANTHROPIC = `
  const anthropic = new Anthropic({ apiKey: 'none', baseURL: process.env.PROVIDER });
  await anthropic.messages.create({ model: 'claude', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] });
`;
const AI = `
  const model = createOpenAI({ apiKey: 'none', baseURL: process.env.PROVIDER + '/v1' }).chat('sdk');
  await generateText({ model, prompt: 'hi' });
`;
const ALL = ['chat chat', 'chat claude', 'chat sdk'];

async function spansOf(source: string, options: ChildOptions = {}): Promise<string[]> {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, PROVIDER: provider.url, ...options.env };
  const { code, stderr } = await runApplication(source, { ...options, env });
  assert.deepEqual([code, stderr], [0, '']);
  return receiver.spans.map(({ name }) => name).sort();
}

test('an ES module is traced as it is, each call once', async () => {
  const source = `
    import OpenAI from 'openai';
    import Anthropic from '@anthropic-ai/sdk';
    import { generateText } from 'ai';
    import { createOpenAI } from '@ai-sdk/openai';
    ${OPENAI} ${ANTHROPIC} ${AI}
  `;
  assert.deepEqual(await spansOf(source), ALL);
  assert.ok(
    receiver.spans.every(({ attributes }) =>
      attributes.some(({ key }) => key === 'gen_ai.usage.input_tokens'),
    ),
  );
});

test('CommonJS is traced as it is, whether the tracer comes by --require or by require itself', async () => {
  const source = `
    const { OpenAI } = require('openai');
    const Anthropic = require('@anthropic-ai/sdk');
    const { generateText } = require('ai');
    const { createOpenAI } = require('@ai-sdk/openai');
    (async () => { ${OPENAI} ${ANTHROPIC} ${AI} })();
  `;
  assert.deepEqual(await spansOf(source, { input: 'commonjs', load: '--require' }), ALL);
  receiver.spans.splice(0);
  const late = `
    const { OpenAI } = require('openai');
    require('./tracer/register.ts');
    (async () => { ${OPENAI} })();
  `;
  const register = 'data:text/javascript,';
  assert.deepEqual(await spansOf(late, { input: 'commonjs', register }), ['chat chat'], 'loaded before');
});

test('an application that imports the tracer first is traced too', async () => {
  const source = `
    import './tracer/register.ts';
    const { default: OpenAI } = await import('openai');
    ${OPENAI}
  `;
  assert.deepEqual(await spansOf(source, { register: 'data:text/javascript,' }), ['chat chat']);
});

test('clients that are imported with the tracer, before it could run, are seen at their fetch', async () => {
  const source = `
    import './tracer/register.ts';
    import OpenAI from 'openai';
    import Anthropic from '@anthropic-ai/sdk';
    import { generateText } from 'ai';
    import { createOpenAI } from '@ai-sdk/openai';
    ${OPENAI}
    ${ANTHROPIC}
    ${AI}
  `;
  // Anthropic's client makes its own span too, which nobody has told it not to.
  const spans = ['anthropic.messages.create', ...ALL];
  assert.deepEqual(await spansOf(source, { register: 'data:text/javascript,' }), spans);
});

test('an SDK that the application runs itself is left alone, and its calls are traced', async () => {
  const source = `
    import { NodeSDK } from '@opentelemetry/sdk-node';
    const sdk = new NodeSDK({ serviceName: 'own', autoDetectResources: false });
    sdk.start();
    await import('./tracer/register.ts');
    const { default: OpenAI } = await import('openai');
    ${OPENAI}
    await sdk.shutdown();
  `;
  const env = {
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  };
  assert.deepEqual(await spansOf(source, { register: 'data:text/javascript,', env }), ['chat chat']);
  const resource = Object.fromEntries(receiver.resource.map(({ key, value }) => [key, value.stringValue]));
  assert.equal(resource['service.name'], 'own');
});

test('our two variables say what is sent of texts and which hosts a plain fetch is traced to', async () => {
  const source = `
    const body = JSON.stringify({ model: 'plain', messages: [{ role: 'user', content: 'ann@example.com' }] });
    await (await fetch(process.env.PROVIDER + '/v1/chat/completions', { method: 'POST', body })).json();
  `;
  const { host } = new URL(provider.url);
  assert.deepEqual(await spansOf(source), []);
  const env = { PLUMBLINE_FETCH_HOSTS: `example.com, ${host}`, PLUMBLINE_CONTENT: 'redacted' };
  assert.deepEqual(await spansOf(source, { env }), ['chat plain']);
  assert.match(JSON.stringify(receiver.spans), /\[REDACTED:email\]/);
});

test('a failed fetch is told of though nobody reads its body and the process ends', async () => {
  const source = `
    const body = JSON.stringify({ model: 'fake-500', messages: [] });
    const { ok } = await fetch(process.env.PROVIDER + '/v1/chat/completions', { method: 'POST', body });
    if (ok) throw new Error('It should have failed');
  `;
  const env = { PLUMBLINE_FETCH_HOSTS: new URL(provider.url).host };
  assert.deepEqual(await spansOf(source, { env }), ['chat fake-500']);
});

test('with OpenTelemetry switched off nothing is patched', async () => {
  const source = `
    import OpenAI from 'openai';
    import { isWrapped } from './tracer/clients/wrap.ts';
    if (isWrapped(OpenAI.Chat.Completions.prototype.create) || isWrapped(fetch)) process.exit(3);
  `;
  assert.deepEqual(await spansOf(source, { env: { OTEL_SDK_DISABLED: 'true' } }), []);
});

test('a failure that nobody handles ends the process as it would have, and its span is named', async () => {
  const source = `
    import OpenAI from 'openai';
    const openai = new OpenAI({ apiKey: 'none', baseURL: process.env.PROVIDER + '/v1' });
    process.on('unhandledRejection', (error) => console.log('unhandled', error.constructor.name));
    openai.chat.completions.create({ model: 'fake-401', messages: [] });
  `;
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, PROVIDER: provider.url };
  const { stdout } = await runApplication(source, { env });
  assert.equal(stdout, 'unhandled AuthenticationError\n');
  const [span] = receiver.spans;
  assert.ok(
    span?.attributes.some(
      ({ key, value }) => key === 'error.type' && value.stringValue === 'invalid_api_key',
    ),
  );
});
