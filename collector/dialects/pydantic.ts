/** Pydantic's: pydantic-ai, and Logfire's instrumentations of clients. */
import { type Dialect, extended } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

const raw = (path: string) => ({ key: 'gen_ai.usage.raw', path });

export const pydanticAi: Dialect = {
  name: 'pydantic-ai',
  scope: /^pydantic[-_]ai/,
  fingerprint: ['pydantic_ai.all_messages'],
  fields: extended(genaiFields, {
    input_tokens: ['gen_ai.usage.input_tokens', 'gen_ai.aggregated_usage.input_tokens'],
    output_tokens: ['gen_ai.usage.output_tokens', 'gen_ai.aggregated_usage.output_tokens'],
    cache_read_tokens: [
      'gen_ai.usage.cache_read.input_tokens',
      'gen_ai.aggregated_usage.cache_read.input_tokens',
    ],
    cache_write_tokens: [
      'gen_ai.usage.cache_creation.input_tokens',
      'gen_ai.aggregated_usage.cache_creation.input_tokens',
      'gen_ai.aggregated_usage.cache_write.input_tokens',
    ],
    reasoning_tokens: [
      'gen_ai.usage.details.reasoning_tokens',
      'gen_ai.usage.details.thoughts_tokens',
      'gen_ai.aggregated_usage.details.reasoning_tokens',
    ],
    request_model: ['gen_ai.request.model', 'model_name'],
    cost_usd: ['operation.cost'],
    input: ['gen_ai.input.messages', 'pydantic_ai.all_messages', 'all_messages_events', 'events'],
    output: ['gen_ai.output.messages', 'final_result'],
    dropped: ['logfire.json_schema', 'model_request_parameters', 'tool_arguments', 'tool_response'],
  }),
  kinds: [
    { has: 'gen_ai.aggregated_usage.input_tokens', is: 'carrier' },
    // Version 1 repeated the usage on the agent's span, under the name of a call.
    { name: /^(agent run|invoke_agent)/, is: 'carrier' },
    { name: /^running tools?|^execute_tool/, is: 'neither' },
  ],
  input_basis: [{ scope: /./, is: 'inclusive' }],
};

export const logfire: Dialect = {
  name: 'logfire',
  scope: /^logfire\./,
  fingerprint: [],
  fields: extended(genaiFields, {
    span_kind: ['logfire.span_type'],
    duration: ['duration'],
    cost_usd: ['operation.cost'],
    cache_read_tokens: [
      'gen_ai.usage.cache_read.input_tokens',
      raw('cache_read_input_tokens'),
      raw('prompt_tokens_details.cached_tokens'),
      raw('input_tokens_details.cached_tokens'),
    ],
    cache_write_tokens: ['gen_ai.usage.cache_creation.input_tokens', raw('cache_creation_input_tokens')],
    reasoning_tokens: [
      raw('completion_tokens_details.reasoning_tokens'),
      raw('output_tokens_details.reasoning_tokens'),
    ],
    stream: [{ key: 'request_data', path: 'stream' }],
    input: ['gen_ai.input.messages', 'request_data', 'events'],
    output: ['gen_ai.output.messages', 'response_data'],
    dropped: ['logfire.json_schema'],
  }),
  kinds: [
    { kind: /^pending_span$/, is: 'neither' },
    { kind: /^log$/, name: /^streaming response/, is: 'call' },
    { kind: /^log$/, is: 'neither' },
    // The request of a stream ends with its headers, and all that it knows comes again on the log at the stream's end.
    {
      operation: /^(chat|text_completion|generate_content)$/,
      lacks: 'gen_ai.response.id',
      failed: false,
      is: 'neither',
    },
  ],
  streams: [{ kind: /^log$/ }],
  input_basis: [{ scope: /./, is: 'inclusive' }],
};
