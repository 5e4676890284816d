/** Langfuse's own SDKs: figures as JSON text, of disjoint parts or as the provider's client had them. */
import type { Dialect } from './dialect.ts';
import { plumblineFields } from './plumbline.ts';

const USAGE = 'langfuse.observation.usage_details';
const usage = (...paths: string[]) => paths.map((path) => ({ key: USAGE, path }));

export const langfuse: Dialect = {
  name: 'langfuse',
  fingerprint: ['langfuse.observation.type', USAGE, 'langfuse.observation.model.name'],
  fields: {
    ...plumblineFields,
    span_kind: ['langfuse.observation.type'],
    request_model: ['langfuse.observation.model.name'],
    response_model: ['langfuse.observation.model.name'],
    finish_reasons: ['langfuse.observation.metadata.finish_reason'],
    conversation_id: ['session.id', 'langfuse.session.id'],
    user_id: ['user.id', 'langfuse.user.id'],
    stream: [{ key: 'langfuse.observation.model.parameters', path: 'stream' }],
    server_address: ['server.address'],
    input_tokens: usage('input', 'input_tokens', 'prompt_tokens', 'promptTokens'),
    output_tokens: usage('output', 'output_tokens', 'completion_tokens', 'completionTokens'),
    total_tokens: usage('total', 'total_tokens', 'totalTokens'),
    cache_read_tokens: usage(
      'input_cached_tokens',
      'input_cache_read',
      'cache_read_input_tokens',
      'input_cache_read_input_tokens',
      'prompt_tokens_details.cached_tokens',
      'input_tokens_details.cached_tokens',
    ),
    cache_write_tokens: usage(
      'input_cache_creation',
      'input_cache_write',
      'cache_creation_input_tokens',
      'input_cache_creation_input_tokens',
    ),
    reasoning_tokens: usage(
      'output_reasoning_tokens',
      'output_reasoning',
      'completion_tokens_details.reasoning_tokens',
      'output_tokens_details.reasoning_tokens',
    ),
    ttft: [{ key: 'langfuse.observation.completion_start_time', unit: 'timestamp' }],
    cost_usd: [{ key: 'langfuse.observation.cost_details', path: 'total' }],
    error_type: ['error.type'],
    error_level: ['langfuse.observation.level'],
    error_message: ['langfuse.observation.status_message'],
    http_status: ['http.response.status_code'],
    input: ['langfuse.observation.input', 'langfuse.trace.input'],
    output: ['langfuse.observation.output', 'langfuse.trace.output'],
  },
  kinds: [
    { kind: /^generation$/, name: /embeddings?$/i, is: 'call', operation_is: 'embeddings' },
    { kind: /^generation$/, is: 'call', operation_is: 'chat' },
    { kind: /^embedding$/, is: 'call', operation_is: 'embeddings' },
    { kind: /^(agent|chain|span)$/, is: 'carrier' },
    { kind: /./, is: 'neither' },
  ],
  streams: [{ has: 'langfuse.observation.completion_start_time' }],
  // Disjoint parts have names of their own; whole counts come with the provider's names.
  total_proves: true,
  zero_cost_is_unknown: true,
};
