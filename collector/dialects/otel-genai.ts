/**
 * OpenTelemetry's GenAI conventions in their generations: up to 1.36, 1.37 to 1.41, and the genai repository; and the
 * spans that model providers' own clients write. Renames: https://github.com/open-telemetry/semantic-conventions-genai
 */
import { type Dialect, extended } from './dialect.ts';
import { plumblineFields } from './plumbline.ts';

/** What most dialects share, since most began as a copy of these conventions. */
export const genaiFields: Dialect['fields'] = {
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
  cache_read_tokens: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'gen_ai.usage.input_tokens.cached',
  ],
  cache_write_tokens: [
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_write_input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'gen_ai.usage.input_tokens.cache_write',
  ],
  reasoning_tokens: ['gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.reasoning_tokens'],
  ttft: [
    'gen_ai.response.time_to_first_chunk',
    'gen_ai.client.operation.time_to_first_chunk',
    'gen_ai.client.inference.time_to_first_chunk',
    'gen_ai.server.time_to_first_token',
  ],
  error_type: ['error.type'],
  http_status: ['http.response.status_code', 'http.status_code'],
  input: ['gen_ai.input.messages', 'gen_ai.prompt'],
  output: ['gen_ai.output.messages', 'gen_ai.completion'],
  system: ['gen_ai.system_instructions'],
  tool_definitions: ['gen_ai.tool.definitions'],
  dropped: ['gen_ai.tool.call.arguments', 'gen_ai.tool.call.result'],
};

export const otelGenai: Dialect = {
  name: 'otel-genai',
  fingerprint: [
    'gen_ai.operation.name',
    'gen_ai.provider.name',
    'gen_ai.system',
    'gen_ai.request.model',
    'gen_ai.response.model',
  ],
  fields: extended(genaiFields, {
    finish_reasons: ['gen_ai.response.finish_reasons', 'anthropic.message.stop_reason'],
    client_retries: ['plumbline.client_retries', 'http.request.resend_count'],
  }),
  // Of other scopes the key's name is no proof.
  // Values that are put into a stored prompt: content, but of no message.
  flattened: { dropped: ['gen_ai.prompt.variable.*'] },
  input_basis: [
    { scope: /^plumbline-tracer$|^com\.anthropic\.sdk\./, is: 'inclusive' },
    {
      scope: /^@opentelemetry\/instrumentation-(openai|anthropic)|^opentelemetry\.util\.genai/,
      is: 'inclusive',
    },
    {
      scope: /^opentelemetry\.instrumentation\.(genai\.)?(openai(_v2)?|anthropic|google_genai)$/,
      is: 'inclusive',
    },
  ],
};
