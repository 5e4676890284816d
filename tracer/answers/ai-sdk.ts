import { errorStatus, errorType } from '../error-type.ts';
import { textParts } from '../hash.ts';
import { count, defined, type Fields, fields, string, strings, sum } from '../values.ts';
import { type AnswerReading, outputWithReasoning, type StreamReader } from './answer-reading.ts';

/** A result of the AI SDK's generateText, generateObject, embed or embedMany (versions 4 to 7). */
export function readAiSdkResult(answer: Fields): AnswerReading | undefined {
  if ('embedding' in answer || 'embeddings' in answer) {
    const tokens = count(fields(answer.usage)?.tokens);
    return tokens === undefined ? undefined : { input_tokens: tokens };
  }
  if (!('finishReason' in answer) || !('usage' in answer)) return undefined;
  const response = fields(answer.response);
  return {
    // With several steps `usage` may be the last one's; the sum is what was billed.
    ...readAiSdkUsage(answer.totalUsage ?? answer.usage, answer.providerMetadata),
    id: string(response?.id),
    model: string(response?.modelId),
    finish_reasons: strings([finishReason(answer.finishReason)]),
    text: typeof answer.text === 'string' ? answer.text : contentText(answer.content),
  };
}

/** A word, or for models of version 3 and later both the SDK's word and the provider's. */
function finishReason(value: unknown): unknown {
  return fields(value)?.unified ?? value;
}

/** A model's own answer is a list of parts. */
function contentText(content: unknown): string | undefined {
  return Array.isArray(content) ? textParts(content).join('') : undefined;
}

/** Token counts of any version. `metadata` is the provider's own, where older versions left the cache. */
export function readAiSdkUsage(value: unknown, metadata?: unknown): AnswerReading {
  const usage = fields(value);
  if (!usage) return {};
  const input_tokens = fields(usage.inputTokens);
  if (input_tokens) return readModelUsage(input_tokens, fields(usage.outputTokens));
  const details = fields(usage.inputTokenDetails);
  const cacheRead = count(details?.cacheReadTokens) ?? count(usage.cachedInputTokens);
  const reported = count(usage.inputTokens) ?? count(usage.promptTokens);
  const reasoning = count(fields(usage.outputTokenDetails)?.reasoningTokens) ?? count(usage.reasoningTokens);
  const cacheWrite = count(details?.cacheWriteTokens) ?? cacheWrites(metadata);
  const additive = !details && isAdditive(metadata);
  const input =
    reported !== undefined && (additive || (cacheRead ?? 0) > reported)
      ? sum(reported, cacheRead, cacheWrite)
      : reported;
  return {
    input_tokens: input,
    output_tokens: outputWithReasoning({
      input: reported,
      output: count(usage.outputTokens) ?? count(usage.completionTokens),
      reasoning,
      total: count(usage.totalTokens),
    }),
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    reasoning_tokens: reasoning,
  };
}

/** What models of version 3 and later say: totals and their parts. */
function readModelUsage(input: Fields, output: Fields | undefined): AnswerReading {
  return {
    input_tokens: count(input.total),
    output_tokens: count(output?.total),
    cache_read_tokens: count(input.cacheRead),
    cache_write_tokens: count(input.cacheWrite),
    reasoning_tokens: count(output?.reasoning),
  };
}

// Versions before 6 passed these providers' input on without the cached tokens.
function isAdditive(metadata: unknown): boolean {
  const providers = fields(metadata);
  return Boolean(providers?.anthropic || providers?.bedrock);
}

function cacheWrites(metadata: unknown): number | undefined {
  const providers = fields(metadata);
  return (
    count(fields(providers?.anthropic)?.cacheCreationInputTokens) ??
    count(fields(fields(providers?.bedrock)?.usage)?.cacheWriteInputTokens)
  );
}

const CONTENT_PARTS = new Set<unknown>([
  'text-delta',
  'reasoning',
  'reasoning-delta',
  'tool-input-start',
  'tool-input-delta',
  'tool-call-delta',
  'tool-call',
]);
const OPENING_PARTS = new Set<unknown>([
  'start',
  'start-step',
  'step-start',
  'stream-start',
  'response-metadata',
  'text-start',
  'reasoning-start',
]);
const END_PARTS = new Set<unknown>(['finish', 'finish-step', 'step-finish', 'error', 'abort']);

export function isAiSdkPart(chunk: Fields): boolean {
  return OPENING_PARTS.has(chunk.type) || CONTENT_PARTS.has(chunk.type) || END_PARTS.has(chunk.type);
}

/** Parts of `fullStream`. Failures and aborts are parts, not exceptions. */
export function aiSdkReader(): StreamReader {
  const texts: string[] = [];
  const reading: AnswerReading = {};

  function takeEnd(part: Fields): void {
    const response = fields(part.response);
    reading.id = string(response?.id) ?? reading.id;
    reading.model = string(response?.modelId) ?? reading.model;
    reading.finish_reasons = strings([finishReason(part.finishReason)]) ?? reading.finish_reasons;
    Object.assign(reading, defined(readAiSdkUsage(part.totalUsage ?? part.usage, part.providerMetadata)));
  }

  return {
    take(value) {
      const part = fields(value) ?? {};
      if (part.type === 'text-delta') texts.push(...textParts(part.text ?? part.textDelta ?? part.delta));
      if (part.type === 'error') Object.assign(reading, readFailure(part.error));
      if (part.type === 'response-metadata') {
        reading.id = string(part.id);
        reading.model = string(part.modelId);
      }
      if (part.type === 'abort') reading.error_type = 'AbortError';
      if (END_PARTS.has(part.type)) takeEnd(part);
      return CONTENT_PARTS.has(part.type);
    },
    reading: () => ({ ...reading, text: texts.join('') }),
  };
}

function readFailure(error: unknown): AnswerReading {
  return { error_type: errorType(error), http_status: errorStatus(error) };
}
