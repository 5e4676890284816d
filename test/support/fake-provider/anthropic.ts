import { askedTool, type Behaviour, type FakeUsage, pieces } from './behaviour.ts';
import type { ChatRequest, StreamEvent } from './openai.ts';

/** Anthropic counts disjoint parts: input without the cached tokens. */
function inputUsage(usage: FakeUsage) {
  return {
    input_tokens: usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens,
    cache_creation_input_tokens: usage.cache_write_tokens,
    cache_read_input_tokens: usage.cache_read_tokens,
  };
}

function envelope(request: ChatRequest, behaviour: Behaviour, id: string) {
  const model = behaviour.model ?? request.model;
  return { id, type: 'message', role: 'assistant', model, stop_sequence: null };
}

export function message(request: ChatRequest, behaviour: Behaviour, id: string) {
  const tool = askedTool(behaviour, request.messages);
  return {
    ...envelope(request, behaviour, id),
    content: [
      tool
        ? { type: 'tool_use', id: `toolu_${id}`, name: tool, input: {} }
        : { type: 'text', text: behaviour.text },
    ],
    stop_reason: tool ? 'tool_use' : 'end_turn',
    usage: { ...inputUsage(behaviour.usage), output_tokens: behaviour.usage.output_tokens },
  };
}

export function* messageEvents(
  request: ChatRequest,
  behaviour: Behaviour,
  id: string,
): Generator<StreamEvent> {
  const event = (data: { type: string; [field: string]: unknown }, content = false): StreamEvent => ({
    event: data.type,
    data,
    content,
  });
  const usage = { ...inputUsage(behaviour.usage), output_tokens: 1 };
  const opening = { ...envelope(request, behaviour, id), content: [], stop_reason: null, usage };
  yield event({ type: 'message_start', message: opening });
  yield event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  yield event({ type: 'ping' });
  for (const text of pieces(behaviour)) {
    const delta = { type: 'text_delta', text };
    yield event({ type: 'content_block_delta', index: 0, delta }, true);
  }
  yield event({ type: 'content_block_stop', index: 0 });
  const end = {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: behaviour.usage.output_tokens },
  };
  yield event({ type: 'message_delta', ...end });
  yield event({ type: 'message_stop' });
}
