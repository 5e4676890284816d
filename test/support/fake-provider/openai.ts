import { askedTool, type Behaviour, type FakeUsage, pieces, type ToldMessage } from './behaviour.ts';

export interface ChatRequest {
  model?: string;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  input?: string | string[];
  messages?: ToldMessage[];
}

/** One step of a stream: what is sent, and whether it is a piece of the text. */
export interface StreamEvent {
  event?: string;
  data: unknown;
  content: boolean;
}

function usageOf(usage: FakeUsage) {
  return {
    prompt_tokens: usage.input_tokens,
    completion_tokens: usage.output_tokens,
    total_tokens: usage.input_tokens + usage.output_tokens,
    prompt_tokens_details: { cached_tokens: usage.cache_read_tokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning_tokens, audio_tokens: 0 },
  };
}

function envelope(object: string, request: ChatRequest, behaviour: Behaviour, id: string) {
  const model = behaviour.model ?? request.model ?? '';
  return { id, object, created: 1_700_000_000, model, system_fingerprint: 'fp_fake' };
}

function toolCall(name: string, id: string) {
  return { id: `call_${id}`, type: 'function', function: { name, arguments: '{}' } };
}

export function chatCompletion(request: ChatRequest, behaviour: Behaviour, id: string) {
  const tool = askedTool(behaviour, request.messages);
  const message = tool ? { content: null, tool_calls: [toolCall(tool, id)] } : { content: behaviour.text };
  return {
    ...envelope('chat.completion', request, behaviour, id),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', refusal: null, ...message },
        logprobs: null,
        finish_reason: tool ? 'tool_calls' : 'stop',
      },
    ],
    ...(behaviour.no_usage ? {} : { usage: usageOf(behaviour.usage) }),
  };
}

/** The role, the text in pieces, the finish reason, the usage if it was asked for, `[DONE]`. */
export function* chatEvents(request: ChatRequest, behaviour: Behaviour, id: string): Generator<StreamEvent> {
  const base = envelope('chat.completion.chunk', request, behaviour, id);
  const asksUsage = request.stream_options?.include_usage === true;
  const chunk = (delta: unknown, finish_reason: string | null, content = false): StreamEvent => ({
    data: {
      ...base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      ...(asksUsage ? { usage: null } : {}),
    },
    content,
  });
  yield chunk({ role: 'assistant', content: '', refusal: null }, null);
  const tool = askedTool(behaviour, request.messages);
  if (tool) yield chunk({ tool_calls: [{ index: 0, ...toolCall(tool, id) }] }, null, true);
  else for (const content of pieces(behaviour)) yield chunk({ content }, null, true);
  yield chunk({}, tool ? 'tool_calls' : 'stop');
  if (asksUsage && !behaviour.no_usage)
    yield { data: { ...base, choices: [], usage: usageOf(behaviour.usage) }, content: false };
  yield { data: '[DONE]', content: false };
}

export function embeddings(request: ChatRequest, behaviour: Behaviour) {
  const inputs = [request.input ?? ''].flat();
  return {
    object: 'list',
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding: [0.1, -0.2, 0.3] })),
    model: behaviour.model ?? request.model,
    usage: { prompt_tokens: behaviour.usage.input_tokens, total_tokens: behaviour.usage.input_tokens },
  };
}
