import type { Attributes } from '@opentelemetry/api';
import type { AnswerReading } from './answers/answer-reading.ts';
import { ATTR } from './attributes.ts';
import { httpStatus } from './error-type.ts';
import { textHash } from './hash.ts';
import type { CallLabels } from './options.ts';
import { amount, count, defined, string, strings } from './values.ts';

/** The operation and the model make the span's name, as the conventions want it. */
export function spanName(labels: CallLabels): string {
  return `${operation(labels)} ${string(labels.model) ?? ''}`.trim();
}

/** What is known before the call. The caller's own attributes come first, so they replace none of these. */
export function labelAttributes(labels: CallLabels): Attributes {
  return defined({
    ...labels.attributes,
    ...defined({
      [ATTR.operation]: operation(labels),
      [ATTR.provider]: string(labels.provider),
      [ATTR.requestModel]: string(labels.model),
      [ATTR.stream]: typeof labels.stream === 'boolean' ? labels.stream : undefined,
      [ATTR.userId]: string(labels.user_id),
      [ATTR.conversationId]: string(labels.conversation_id),
      [ATTR.serverAddress]: string(labels.server_address),
      [ATTR.requestType]: string(labels.request_type),
      [ATTR.variant]: string(labels.variant),
      [ATTR.slices]: strings(labels.slices),
      [ATTR.confidence]: share(labels.confidence),
      [ATTR.clientRetries]: count(labels.client_retries),
    }),
  });
}

/** What the answer says. Text becomes its hash here and goes no further. */
export function readingAttributes(reading: AnswerReading): Attributes {
  const finishReason = string(reading.finish_reason);
  return defined({
    [ATTR.responseModel]: string(reading.model),
    [ATTR.responseId]: string(reading.id),
    [ATTR.finishReasons]: finishReason ? [finishReason] : strings(reading.finish_reasons),
    [ATTR.inputTokens]: count(reading.input_tokens),
    [ATTR.outputTokens]: count(reading.output_tokens),
    [ATTR.cacheReadTokens]: count(reading.cache_read_tokens),
    [ATTR.cacheWriteTokens]: count(reading.cache_write_tokens),
    [ATTR.reasoningTokens]: count(reading.reasoning_tokens),
    [ATTR.responseHash]: textHash(string(reading.text)),
    [ATTR.httpStatus]: httpStatus(reading.http_status),
    [ATTR.confidence]: share(reading.confidence),
    [ATTR.clientRetries]: count(reading.client_retries),
  });
}

function operation(labels: CallLabels): string {
  return string(labels.operation) ?? 'chat';
}

function share(value: unknown): number | undefined {
  const number = amount(value);
  return number !== undefined && number <= 1 ? number : undefined;
}
