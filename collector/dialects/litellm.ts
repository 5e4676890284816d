/** LiteLLM's callbacks, the first and the second; both report counts in OpenAI's manner whatever the provider. */
import { type Dialect, extended } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

export const litellm: Dialect = {
  name: 'litellm',
  scope: /^litellm/,
  fingerprint: ['litellm.call_id', 'litellm.provider.model'],
  fields: extended(genaiFields, {
    span_kind: ['llm.request.type'],
    stream: ['llm.is_streaming'],
    user_id: [
      'llm.user',
      'litellm.end_user.id',
      'metadata.user_api_key_end_user_id',
      'metadata.user_api_key_user_id',
    ],
    cost_usd: ['gen_ai.cost.total_cost', 'litellm.cost.total'],
    tool_definitions: ['llm.request.functions'],
    dropped: ['hidden_params', 'metadata.usage_object'],
  }),
  flattened: {
    input: ['gen_ai.prompt.', 'llm.openai.*'],
    output: ['gen_ai.completion.'],
    tool_definitions: ['llm.request.functions.'],
  },
  kinds: [
    // A child that repeats its parent in the provider's words.
    { name: /^raw_gen_ai_request$/, is: 'neither' },
    { kind: /^a?embeddings?$/, is: 'call', operation_is: 'embeddings' },
    { operation: /^a?embeddings?$/, is: 'call', operation_is: 'embeddings' },
    { kind: /^a?text_completion$/, is: 'call', operation_is: 'text_completion' },
    { name: /^litellm_request$/, is: 'call', operation_is: 'chat' },
    { kind: /^a?(completion|responses)$/, is: 'call', operation_is: 'chat' },
  ],
  input_basis: [{ scope: /./, is: 'inclusive' }],
};
