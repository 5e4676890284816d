/** OpenLLMetry (Traceloop) old and new: `traceloop.*` beside names that were the conventions' of their day. */
import { type Dialect, extended } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

const association = (name: string): string => `traceloop.association.properties.${name}`;

export const openllmetry: Dialect = {
  name: 'openllmetry',
  scope:
    /^@traceloop\/|^traceloop|^opentelemetry\.instrumentation\.(openai\.v[01]|openai_agents|anthropic|bedrock|cohere|google_generativeai|groq|langchain|llamaindex|mistralai|ollama|replicate|sagemaker|together|transformers|vertexai|watsonx|alephalpha|crewai|haystack|writer)\b/,
  fingerprint: [
    'traceloop.span.kind',
    'traceloop.workflow.name',
    'llm.request.type',
    'llm.usage.total_tokens',
  ],
  fields: extended(genaiFields, {
    span_kind: ['traceloop.span.kind', 'llm.request.type'],
    stream: ['gen_ai.is_streaming', 'llm.is_streaming'],
    total_tokens: ['llm.usage.total_tokens'],
    reasoning_tokens: ['llm.usage.reasoning_tokens'],
    finish_reasons: [
      'gen_ai.response.finish_reasons',
      'llm.response.finish_reason',
      'llm.response.stop_reason',
    ],
    user_id: [association('user_id'), 'gen_ai.user', 'llm.user'],
    conversation_id: [association('session_id'), association('conversation_id')],
    input: ['traceloop.entity.input'],
    output: ['traceloop.entity.output'],
  }),
  flattened: {
    input: ['gen_ai.prompt.'],
    output: ['gen_ai.completion.'],
    tool_definitions: ['llm.request.functions.'],
  },
  kinds: [
    { kind: /^(workflow|task|agent|tool|unknown)$/, is: 'carrier' },
    { operation: /^(workflow|task|invoke_agent|invoke_workflow)$/, is: 'carrier' },
    { operation: /^(execute_tool|rerank|retrieval)$/, is: 'neither' },
    { kind: /^embeddings?$/, is: 'call', operation_is: 'embeddings' },
    { operation: /^embeddings?$/, is: 'call', operation_is: 'embeddings' },
    { name: /\.embeddings$/, is: 'call', operation_is: 'embeddings' },
    { kind: /^completion$/, is: 'call', operation_is: 'text_completion' },
    { kind: /^chat$/, is: 'call', operation_is: 'chat' },
    { kind: /^rerank$/, is: 'neither' },
  ],
  input_basis: [
    { scope: /^@traceloop\/instrumentation-anthropic/, is: 'additive' },
    { scope: /^opentelemetry\.instrumentation\.bedrock/, is: 'additive' },
    { scope: /^@traceloop\/instrumentation-bedrock/, name: /converse/i, is: 'additive' },
    {
      scope:
        /^opentelemetry\.instrumentation\.(anthropic|langchain)|^@traceloop\/instrumentation-(bedrock|langchain)/,
      is: 'inclusive',
    },
    { provider: /^(openai|azure\.ai\.openai|gcp\.)/, is: 'inclusive' },
  ],
  reasoning_beside: [{ scope: /google_generativeai|vertexai|google-generativeai/ }],
  first_token_events: ['gen_ai.content.completion.chunk', 'llm.content.completion.chunk'],
};
