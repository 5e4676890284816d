/** OpenInference (Arize Phoenix): kinds of span of its own, messages flattened over indexed attributes. */
import type { Dialect } from './dialect.ts';
import { plumblineFields } from './plumbline.ts';

const parameter = (path: string) => ({ key: 'llm.invocation_parameters', path });

export const openinference: Dialect = {
  name: 'openinference',
  fingerprint: ['openinference.span.kind'],
  fields: {
    ...plumblineFields,
    span_kind: ['openinference.span.kind'],
    provider: ['llm.provider', 'llm.system'],
    request_model: [
      'llm.request.model_name',
      parameter('model'),
      { key: 'input.value', path: 'model' },
      'llm.model_name',
      'embedding.model_name',
    ],
    response_model: ['llm.response.model_name', 'llm.model_name', 'embedding.model_name'],
    response_id: ['llm.response.id', { key: 'output.value', path: 'id' }],
    finish_reasons: ['llm.finish_reason'],
    conversation_id: ['session.id'],
    user_id: ['user.id'],
    stream: [parameter('stream'), { key: 'input.value', path: 'stream' }],
    server_address: ['server.address'],
    input_tokens: ['llm.token_count.prompt'],
    output_tokens: ['llm.token_count.completion'],
    total_tokens: ['llm.token_count.total'],
    cache_read_tokens: [
      'llm.token_count.prompt_details.cache_read',
      'llm.token_count.prompt_details.cache_input',
    ],
    cache_write_tokens: ['llm.token_count.prompt_details.cache_write'],
    reasoning_tokens: ['llm.token_count.completion_details.reasoning'],
    cost_usd: ['llm.cost.total'],
    error_type: ['error.type'],
    http_status: ['http.response.status_code', 'http.status_code'],
    input: ['input.value'],
    output: ['output.value'],
    dropped: ['llm.invocation_parameters', 'llm.prompt_template.template', 'llm.prompt_template.variables'],
  },
  flattened: {
    input: ['llm.input_messages.', 'llm.prompts.'],
    output: ['llm.output_messages.', 'llm.choices.'],
    tool_definitions: ['llm.tools.'],
    dropped: [
      'embedding.embeddings.',
      'retrieval.documents.',
      'reranker.*',
      'llm.prompt_template.variables.*',
    ],
  },
  kinds: [
    { kind: /^LLM$/i, is: 'call', operation_is: 'chat' },
    { kind: /^EMBEDDING$/i, is: 'call', operation_is: 'embeddings' },
    { kind: /^(AGENT|CHAIN|UNKNOWN)$/i, is: 'carrier' },
    { kind: /./, is: 'neither' },
  ],
  input_basis: [
    { scope: /bedrock/i, is: 'additive' },
    { scope: /anthropic/, is: 'inclusive' },
    { provider: /^(openai|azure\.ai\.openai|gcp\.)/, is: 'inclusive' },
  ],
  first_token_events: ['First Token Stream Event'],
};
