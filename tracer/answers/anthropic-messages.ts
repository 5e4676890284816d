import { textParts } from '../hash.ts';
import { count, defined, type Fields, fields, string, strings, sum } from '../values.ts';
import type { AnswerReading, StreamReader } from './answer-reading.ts';

const EVENTS = new Set<unknown>([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'ping',
]);

/** An answer of Anthropic's Messages API. */
export function readAnthropicMessage(answer: Fields): AnswerReading | undefined {
  if (answer.type !== 'message' || !Array.isArray(answer.content)) return undefined;
  return {
    ...readUsage(answer.usage),
    id: string(answer.id),
    model: string(answer.model),
    finish_reasons: strings([answer.stop_reason]),
    text: textParts(answer.content).join(''),
  };
}

/** Anthropic reports disjoint parts; the conventions want input with the cached tokens in it. */
function readUsage(value: unknown): AnswerReading {
  const usage = fields(value);
  const uncached = count(usage?.input_tokens);
  const cacheRead = count(usage?.cache_read_input_tokens);
  const cacheWrite = count(usage?.cache_creation_input_tokens);
  return {
    input_tokens: uncached === undefined ? undefined : sum(uncached, cacheRead, cacheWrite),
    output_tokens: count(usage?.output_tokens),
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    reasoning_tokens: count(fields(usage?.output_tokens_details)?.thinking_tokens),
  };
}

export function isAnthropicEvent(chunk: Fields): boolean {
  return EVENTS.has(chunk.type);
}

/**
 * The first event counts the input and says one output token or so; the last but one has the true
 * output. A stream that ends between them has not said what it cost.
 */
export function anthropicReader(): StreamReader {
  const texts: string[] = [];
  const reading: AnswerReading = {};
  let usage: Fields = {};
  let final = false;

  function addUsage(value: unknown): void {
    const known = Object.entries(fields(value) ?? {}).filter(([, part]) => part !== null);
    usage = { ...usage, ...Object.fromEntries(known) };
  }

  return {
    take(value) {
      const event = fields(value) ?? {};
      if (event.type === 'message_start') {
        const message = fields(event.message);
        reading.id = string(message?.id);
        reading.model = string(message?.model);
        addUsage(message?.usage);
      }
      if (event.type === 'message_delta') {
        reading.finish_reasons = strings([fields(event.delta)?.stop_reason]);
        addUsage(event.usage);
        final = final || fields(event.usage) !== undefined;
      }
      if (event.type !== 'content_block_delta') return false;
      const delta = fields(event.delta);
      if (delta?.type === 'text_delta') texts.push(...textParts(delta.text));
      return true;
    },
    reading: () => ({ ...reading, ...(final ? defined(readUsage(usage)) : {}), text: texts.join('') }),
  };
}
