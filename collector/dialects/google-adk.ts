/** Google's Agent Development Kit: a call has no operation's name, and Gemini's output leaves the thoughts out. */
import { type Dialect, extended } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

const answer = (path: string) => ({ key: 'gcp.vertex.agent.llm_response', path: `usage_metadata.${path}` });

export const googleAdk: Dialect = {
  name: 'google-adk',
  scope: /^gcp\.vertex\.agent$/,
  fingerprint: ['gcp.vertex.agent.llm_request'],
  fields: extended(genaiFields, {
    conversation_id: ['gcp.vertex.agent.session_id'],
    user_id: ['gcp.vertex.agent.user_id'],
    request_model: ['gen_ai.request.model', { key: 'gcp.vertex.agent.llm_request', path: 'model' }],
    response_model: [
      'gen_ai.response.model',
      { key: 'gcp.vertex.agent.llm_response', path: 'model_version' },
    ],
    total_tokens: [answer('total_token_count')],
    cache_read_tokens: ['gen_ai.usage.cache_read.input_tokens', answer('cached_content_token_count')],
    reasoning_tokens: [
      'gen_ai.usage.reasoning.output_tokens',
      'gen_ai.usage.experimental.reasoning_tokens',
      answer('thoughts_token_count'),
    ],
    error_type: ['error.type', { key: 'gcp.vertex.agent.llm_response', path: 'error_code' }],
    input: ['gcp.vertex.agent.llm_request'],
    output: ['gcp.vertex.agent.llm_response'],
    dropped: ['gcp.vertex.agent.tool_call_args', 'gcp.vertex.agent.tool_response', 'gcp.vertex.agent.data'],
  }),
  kinds: [
    { name: /^call_llm$/, is: 'call', operation_is: 'generate_content' },
    { operation: /^generate_content$/, is: 'call', operation_is: 'generate_content' },
    { operation: /^invoke_agent$/, is: 'carrier' },
    { scope: /^gcp\.vertex\.agent$/, is: 'neither' },
  ],
  input_basis: [{ scope: /./, is: 'inclusive' }],
  // Newer versions add the thoughts themselves.
  reasoning_beside: [{ provider: /^(gcp\.|$)/, lacks: 'gen_ai.usage.reasoning.output_tokens' }],
  total_proves: true,
};
