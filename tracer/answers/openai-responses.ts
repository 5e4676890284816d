import { label } from '../error-type.ts';
import { textParts } from '../hash.ts';
import { count, type Fields, fields, list, string, strings } from '../values.ts';
import type { AnswerReading, StreamReader } from './answer-reading.ts';

/** An answer of OpenAI's Responses API. Input includes cached, output includes reasoning. */
export function readOpenAiResponse(answer: Fields): AnswerReading | undefined {
  if (answer.object !== 'response' || !Array.isArray(answer.output)) return undefined;
  const messages = answer.output.filter((item) => fields(item)?.type === 'message');
  return {
    ...readUsage(answer.usage),
    id: string(answer.id),
    model: string(answer.model),
    finish_reasons: strings([fields(answer.incomplete_details)?.reason ?? answer.status]),
    text: textParts(messages).join(''),
    error_type: answer.status === 'failed' ? (label(fields(answer.error)?.code) ?? '_OTHER') : undefined,
  };
}

function readUsage(value: unknown): AnswerReading {
  const usage = fields(value);
  const details = fields(usage?.input_tokens_details);
  return {
    input_tokens: count(usage?.input_tokens),
    output_tokens: count(usage?.output_tokens),
    cache_read_tokens: count(details?.cached_tokens),
    cache_write_tokens: count(details?.cache_write_tokens),
    reasoning_tokens: count(fields(usage?.output_tokens_details)?.reasoning_tokens),
  };
}

export function isOpenAiResponseEvent(chunk: Fields): boolean {
  return typeof chunk.type === 'string' && chunk.type.startsWith('response.');
}

/** The last event repeats the whole answer; deltas serve streams that end before it. */
export function openAiResponseReader(): StreamReader {
  const texts: string[] = [];
  let answer: AnswerReading = {};
  let whole = false;

  return {
    take(value) {
      const event = fields(value) ?? {};
      const response = fields(event.response);
      if (response) {
        whole = /\.(completed|incomplete|failed)$/.test(String(event.type));
        answer = whole
          ? { ...readOpenAiResponse({ object: 'response', ...response, output: list(response.output) }) }
          : { id: string(response.id), model: string(response.model) };
      }
      if (event.type === 'response.output_text.delta') texts.push(...textParts(event.delta));
      return String(event.type).endsWith('.delta');
    },
    reading: () => ({ ...answer, text: (whole && answer.text) || texts.join('') }),
  };
}
