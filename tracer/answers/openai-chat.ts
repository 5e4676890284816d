import { textParts } from '../hash.ts';
import { count, type Fields, fields, list, string, strings } from '../values.ts';
import { type AnswerReading, outputWithReasoning, type StreamReader } from './answer-reading.ts';

/** A chat completion (or an older text completion) of OpenAI or of a server that speaks its protocol. */
export function readOpenAiChat(answer: Fields): AnswerReading | undefined {
  const choices = list(answer.choices).map((choice) => fields(choice) ?? {});
  const first = choices[0];
  if (!first || !('message' in first || 'text' in first)) return undefined;
  return {
    ...readOpenAiUsage(answer.usage),
    id: string(answer.id),
    model: string(answer.model),
    finish_reasons: strings(choices.map((choice) => choice.finish_reason)),
    text: textParts(fields(first.message)?.content ?? first.text).join(''),
  };
}

/** Token counts named prompt and completion: input includes cached, output includes reasoning. */
export function readOpenAiUsage(value: unknown): AnswerReading {
  const usage = fields(value);
  if (!usage) return {};
  const details = fields(usage.prompt_tokens_details);
  const input = count(usage.prompt_tokens);
  const reasoning = count(fields(usage.completion_tokens_details)?.reasoning_tokens);
  const total = count(usage.total_tokens);
  return {
    input_tokens: input,
    output_tokens: outputWithReasoning({ input, output: count(usage.completion_tokens), reasoning, total }),
    cache_read_tokens: count(details?.cached_tokens) ?? count(usage.prompt_cache_hit_tokens),
    cache_write_tokens: count(details?.cache_write_tokens),
    reasoning_tokens: reasoning,
  };
}

export function isOpenAiChatChunk(chunk: Fields): boolean {
  return chunk.object === 'chat.completion.chunk' || Array.isArray(chunk.choices);
}

/** Usage comes in a last chunk without choices, and only if the request asked for it. */
export function openAiChatReader(): StreamReader {
  const texts: string[] = [];
  const finishReasons = new Map<unknown, string>();
  const reading: AnswerReading = {};

  function takeChoice(choice: Fields): boolean {
    const delta = fields(choice.delta);
    const reason = string(choice.finish_reason);
    if (reason) finishReasons.set(choice.index ?? 0, reason);
    const text = textParts(delta?.content ?? choice.text).join('');
    if ((choice.index ?? 0) === 0) texts.push(text);
    return text !== '' || Object.entries(delta ?? {}).some(isContent);
  }

  return {
    take(value) {
      const chunk = fields(value) ?? {};
      reading.id ??= string(chunk.id);
      reading.model = string(chunk.model) ?? reading.model;
      if (chunk.usage) Object.assign(reading, readOpenAiUsage(chunk.usage));
      return list(chunk.choices)
        .map((choice) => takeChoice(fields(choice) ?? {}))
        .includes(true);
    },
    reading: () => ({
      ...reading,
      text: texts.join(''),
      finish_reasons: strings([...finishReasons.values()]),
    }),
  };
}

// Reasoning, refusals and tool calls are content too; the role, which opens a stream, is not.
function isContent([name, value]: [string, unknown]): boolean {
  if (name === 'role') return false;
  return Array.isArray(value) ? value.length > 0 : string(value) !== undefined || fields(value) !== undefined;
}
