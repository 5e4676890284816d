/**
 * OpenTelemetry's GenAI conventions in their generations: up to 1.36, 1.37 to 1.41, and the genai repository.
 * Renames: https://github.com/open-telemetry/semantic-conventions-genai
 */
import type { Dialect } from './dialect.ts';
import { plumblineFields } from './plumbline.ts';

export const otelGenai: Dialect = {
  name: 'otel-genai',
  fingerprint: [
    'gen_ai.operation.name',
    'gen_ai.provider.name',
    'gen_ai.system',
    'gen_ai.request.model',
    'gen_ai.response.model',
  ],
  fields: {
    ...plumblineFields,
    operation: ['gen_ai.operation.name'],
    provider: ['gen_ai.provider.name', 'gen_ai.system'],
    request_model: ['gen_ai.request.model'],
    response_model: ['gen_ai.response.model'],
    response_id: ['gen_ai.response.id'],
    finish_reasons: ['gen_ai.response.finish_reasons', 'gen_ai.response.finish_reason'],
    conversation_id: ['gen_ai.conversation.id', 'session.id'],
    user_id: ['user.id', 'enduser.id'],
    stream: ['gen_ai.request.stream'],
    server_address: ['server.address'],
    input_tokens: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'],
    output_tokens: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'],
    total_tokens: ['gen_ai.usage.total_tokens'],
    cache_read_tokens: ['gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_read_input_tokens'],
    cache_write_tokens: [
      'gen_ai.usage.cache_write.input_tokens',
      'gen_ai.usage.cache_creation.input_tokens',
      'gen_ai.usage.cache_creation_input_tokens',
    ],
    reasoning_tokens: ['gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.reasoning_tokens'],
    ttft_s: ['gen_ai.response.time_to_first_chunk'],
    error_type: ['error.type'],
    http_status: ['http.response.status_code', 'http.status_code'],
    input: ['gen_ai.input.messages', 'gen_ai.prompt'],
    output: ['gen_ai.output.messages', 'gen_ai.completion'],
    system: ['gen_ai.system_instructions'],
    tool_definitions: ['gen_ai.tool.definitions'],
  },
  // Ours counts as the conventions ask; of other scopes the key's name is no proof.
  tokenBasis: (scope) => (scope.name === 'plumbline-tracer' ? 'inclusive' : undefined),
};
