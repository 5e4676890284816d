/** LangSmith's translation of runs into spans: any run may carry usage, only an `llm` run is a call. */
import { type Dialect, extended } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

const USAGE = ['langsmith.usage_metadata', 'langsmith.metadata.usage_metadata'];
const usage = (path: string) => USAGE.map((key) => ({ key, path }));
const both = (path: string) => [
  ...usage(path),
  { key: 'gen_ai.usage.input_token_details', path: path.split('.')[1]! },
];

export const langsmith: Dialect = {
  name: 'langsmith',
  scope: /^langsmith/,
  fingerprint: ['langsmith.span.kind'],
  fields: extended(genaiFields, {
    span_kind: ['langsmith.span.kind'],
    provider: ['langsmith.metadata.ls_provider'],
    stream: ['langsmith.request.streaming'],
    response_id: ['gen_ai.response.id', { key: 'gen_ai.completion', path: 'id' }],
    input_tokens: usage('input_tokens'),
    output_tokens: usage('output_tokens'),
    total_tokens: usage('total_tokens'),
    cache_read_tokens: both('input_token_details.cache_read'),
    cache_write_tokens: both('input_token_details.cache_creation'),
    reasoning_tokens: [
      ...usage('output_token_details.reasoning'),
      { key: 'gen_ai.usage.output_token_details', path: 'reasoning' },
    ],
    cost_usd: usage('total_cost'),
    // `langsmith.trace.session_id` is the project, not a conversation.
    conversation_id: [
      'langsmith.metadata.session_id',
      'langsmith.metadata.conversation_id',
      'langsmith.metadata.thread_id',
    ],
    user_id: ['langsmith.metadata.user_id', 'langsmith.metadata.ls_user_id'],
    input: ['gen_ai.prompt'],
    output: ['gen_ai.completion'],
    dropped: ['langsmith.metadata.ls_invocation_params'],
  }),
  kinds: [
    { kind: /^llm$/, operation: /^embeddings$/, is: 'call', operation_is: 'embeddings' },
    { kind: /^llm$/, is: 'call', operation_is: 'chat' },
    { kind: /^embedding$/, is: 'call', operation_is: 'embeddings' },
    { kind: /^chain$/, is: 'carrier' },
    { kind: /./, is: 'neither' },
  ],
  input_basis: [{ scope: /./, is: 'inclusive' }],
  first_token_events: ['new_token'],
  // Its JavaScript sets the status to ok on failures too.
  exception_fails: true,
};
