/**
 * Vercel's AI SDK, versions 4 to 6, and the legacy class of 7: every physical attempt is a `.do…` span, whose parents
 * repeat the last step's usage (4, 5) or the sum (6). Version 7's own spans follow the conventions.
 */
import { type Dialect, extended } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

const metadata = (name: string): string => `ai.telemetry.metadata.${name}`;
const provider = (path: string) => ({ key: 'ai.response.providerMetadata', path });

export const aiSdk: Dialect = {
  name: 'ai-sdk',
  fingerprint: ['ai.operationId'],
  fields: extended(genaiFields, {
    span_kind: ['ai.operationId'],
    provider: ['ai.model.provider'],
    request_model: ['ai.model.id'],
    response_model: ['ai.response.model'],
    response_id: ['ai.response.id'],
    finish_reasons: ['ai.response.finishReason'],
    user_id: [metadata('userId')],
    conversation_id: [metadata('sessionId'), metadata('conversationId')],
    input_tokens: ['ai.usage.inputTokens', 'ai.usage.promptTokens', 'ai.usage.tokens'],
    output_tokens: ['ai.usage.outputTokens', 'ai.usage.completionTokens'],
    total_tokens: ['ai.usage.totalTokens'],
    cache_read_tokens: [
      'ai.usage.inputTokenDetails.cacheReadTokens',
      'ai.usage.cachedInputTokens',
      provider('anthropic.cacheReadInputTokens'),
      provider('anthropic.usage.cache_read_input_tokens'),
      provider('openai.cachedPromptTokens'),
    ],
    cache_write_tokens: [
      'ai.usage.inputTokenDetails.cacheWriteTokens',
      provider('anthropic.cacheCreationInputTokens'),
      provider('anthropic.usage.cache_creation_input_tokens'),
    ],
    reasoning_tokens: [
      'ai.usage.outputTokenDetails.reasoningTokens',
      'ai.usage.reasoningTokens',
      provider('openai.reasoningTokens'),
    ],
    ttft: [
      { key: 'ai.response.msToFirstChunk', unit: 'ms' },
      { key: 'ai.stream.msToFirstChunk', unit: 'ms' },
    ],
    input: ['ai.prompt.messages', 'ai.prompt', 'ai.values', 'ai.value'],
    output: ['ai.response.text', 'ai.response.object', 'ai.response.toolCalls'],
    tool_definitions: ['ai.prompt.tools'],
    dropped: [
      'ai.embeddings',
      'ai.embedding',
      'ai.schema',
      'ai.response.reasoning',
      'ai.response.files',
      'ai.toolCall.args',
      'ai.toolCall.result',
    ],
  }),
  kinds: [
    { kind: /\.do(Generate|Stream)$/, is: 'call', operation_is: 'chat' },
    { kind: /\.doEmbed$/, is: 'call', operation_is: 'embeddings' },
    // The inner span of a stream that dies or is aborted is never sent.
    { kind: /^ai\.stream(Text|Object)$/, is: 'carrier', implies_call: true },
    { kind: /^ai\.generate(Text|Object)$|^ai\.embed(Many)?$/, is: 'carrier' },
    { kind: /./, is: 'neither' },
  ],
  input_basis: [
    { has: 'ai.usage.inputTokenDetails.noCacheTokens', is: 'inclusive' },
    { has: 'ai.usage.inputTokenDetails.cacheReadTokens', is: 'inclusive' },
    // Up to version 5 the counts are the provider's: Anthropic's and Bedrock's leave the cache out.
    { provider: /^(anthropic|aws\.bedrock)$/, is: 'additive' },
    { provider: /./, is: 'inclusive' },
  ],
  reasoning_beside: [{ provider: /^gcp\./, lacks: 'ai.usage.outputTokenDetails.reasoningTokens' }],
  streams: [{ kind: /\.doStream$/ }],
  first_token_events: ['ai.stream.firstChunk'],
};

export const aiSdkConventions: Dialect = {
  name: 'ai-sdk-genai',
  scope: /^gen_ai$/,
  fingerprint: [],
  fields: extended(genaiFields, {
    reasoning_tokens: ['ai.usage.outputTokenDetails.reasoningTokens'],
    user_id: ['ai.settings.context.userId'],
    dropped: ['ai.embeddings', 'ai.embedding'],
  }),
  // Of the two nested spans of `embed` the outer one tells nothing more.
  kinds: [{ operation: /^embeddings$/, lacks: 'gen_ai.usage.input_tokens', failed: false, is: 'neither' }],
  input_basis: [{ scope: /./, is: 'inclusive' }],
};
