/** OpenLIT: the conventions, with counts as the provider's client has them and a cost from a price list of its own. */
import { type Dialect, extended } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

export const openlit: Dialect = {
  name: 'openlit',
  scope: /^(@openlit\/|openlit\b)/,
  fingerprint: ['openlit.agent.version_hash'],
  fields: extended(genaiFields, {
    stream: ['gen_ai.request.is_stream'],
    user_id: ['gen_ai.request.user'],
    cost_usd: ['gen_ai.usage.cost'],
    cache_read_tokens: [
      'gen_ai.usage.cache_read.input_tokens',
      'gen_ai.usage.prompt_tokens_details.cache_read',
    ],
    cache_write_tokens: [
      'gen_ai.usage.cache_creation.input_tokens',
      'gen_ai.usage.prompt_tokens_details.cache_write',
    ],
  }),
  kinds: [
    // Its failed calls of Anthropic's client have no attributes, only a name.
    { name: /^chat /, lacks: 'gen_ai.operation.name', is: 'call', operation_is: 'chat' },
    { name: /^(invoke_agent|invoke_workflow|create_agent)/, is: 'carrier' },
    { operation: /^embedding$/, is: 'call', operation_is: 'embeddings' },
  ],
  input_basis: [
    // Of a stream that reported usage, its Python tells the cached tokens even if there are none; else it guesses.
    {
      scope: /^openlit\.instrumentation\.openai/,
      streamed: true,
      lacks: 'gen_ai.usage.cache_read.input_tokens',
      is: 'estimated',
    },
    { scope: /anthropic|bedrock/, is: 'additive' },
    { provider: /^(anthropic|aws\.bedrock)$/, is: 'additive' },
    { provider: /^(openai|azure\.ai\.openai|gcp\.)/, is: 'inclusive' },
  ],
  // Without its price list, which it fetches, it writes 0.
  zero_cost_is_unknown: true,
};
