import { askedTool, type Behaviour, pieces } from './behaviour.ts';
import type { ChatRequest, StreamEvent } from './openai.ts';

function envelope(request: ChatRequest, behaviour: Behaviour, id: string) {
  return {
    id,
    object: 'response',
    created_at: 1_700_000_000,
    model: behaviour.model ?? request.model ?? '',
    error: null,
    incomplete_details: null,
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
  };
}

function usageOf({ usage }: Behaviour) {
  return {
    input_tokens: usage.input_tokens,
    input_tokens_details: { cached_tokens: usage.cache_read_tokens },
    output_tokens: usage.output_tokens,
    output_tokens_details: { reasoning_tokens: usage.reasoning_tokens },
    total_tokens: usage.input_tokens + usage.output_tokens,
  };
}

const part = (text: string) => ({ type: 'output_text', text, annotations: [] });

function output(behaviour: Behaviour, id: string) {
  const name = askedTool(behaviour, undefined);
  if (name) {
    const call_id = `call_${id}`;
    return [{ id: `fc_${id}`, type: 'function_call', call_id, name, arguments: '{}', status: 'completed' }];
  }
  const message = { id: `msg_${id}`, type: 'message', role: 'assistant', status: 'completed' };
  return [{ ...message, content: [part(behaviour.text)] }];
}

export function response(request: ChatRequest, behaviour: Behaviour, id: string) {
  return {
    ...envelope(request, behaviour, id),
    status: 'completed',
    output: output(behaviour, id),
    ...(behaviour.no_usage ? {} : { usage: usageOf(behaviour) }),
  };
}

/** The events of a streamed response; the last one holds the whole of it. */
export function* responseEvents(
  request: ChatRequest,
  behaviour: Behaviour,
  id: string,
): Generator<StreamEvent> {
  let sequence_number = 0;
  const event = (type: string, fields: object, content = false): StreamEvent => ({
    event: type,
    data: { type, sequence_number: sequence_number++, ...fields },
    content,
  });
  const opened = { ...envelope(request, behaviour, id), status: 'in_progress', output: [], usage: null };
  yield event('response.created', { response: opened });
  yield event('response.in_progress', { response: opened });
  for (const [output_index, item] of output(behaviour, id).entries()) {
    const where = { output_index, item_id: item.id };
    if (item.type === 'function_call') {
      yield event('response.output_item.added', { output_index, item: { ...item, arguments: '' } });
      yield event('response.function_call_arguments.delta', { ...where, delta: '{}' }, true);
    } else {
      yield event('response.output_item.added', { output_index, item: { ...item, content: [] } });
      yield event('response.content_part.added', { ...where, content_index: 0, part: part('') });
      for (const delta of pieces(behaviour)) {
        yield event('response.output_text.delta', { ...where, content_index: 0, delta, logprobs: [] }, true);
      }
      yield event('response.output_text.done', {
        ...where,
        content_index: 0,
        text: behaviour.text,
        logprobs: [],
      });
      yield event('response.content_part.done', { ...where, content_index: 0, part: part(behaviour.text) });
    }
    yield event('response.output_item.done', { output_index, item });
  }
  yield event('response.completed', { response: response(request, behaviour, id) });
}
