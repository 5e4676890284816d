import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { AnswerReading } from './answers/answer-reading.ts';
import { ATTR } from './attributes.ts';
import { merge } from './context/call-context.ts';
import { httpStatus } from './error-type.ts';
import type { CallContext, CallLabels } from './options.ts';
import { amount, count, string, strings } from './values.ts';

/** The operation and the model make the span's name, as the conventions want it. */
export function spanName(labels: CallLabels): string {
  return `${operation(labels)} ${string(labels.model) ?? ''}`.trim();
}

/**
 * What is known before the call; what `context` says is used where the call itself says nothing. The caller's own
 * attributes come first, so they replace none of these.
 */
export function labelAttributes(labels: CallLabels, context?: CallContext): Attributes {
  const request = context ? merge(context, labels) : labels;
  const attributes: Attributes = { ...labels.attributes };
  attributes[ATTR.operation] = operation(labels);
  set(attributes, ATTR.provider, string(labels.provider));
  set(attributes, ATTR.requestModel, string(labels.model));
  set(attributes, ATTR.stream, typeof labels.stream === 'boolean' ? labels.stream : undefined);
  set(attributes, ATTR.userId, string(request.user_id));
  set(attributes, ATTR.conversationId, string(request.conversation_id));
  set(attributes, ATTR.serverAddress, string(labels.server_address));
  set(attributes, ATTR.serverPort, count(labels.server_port));
  set(attributes, ATTR.requestType, string(request.request_type));
  set(attributes, ATTR.variant, string(request.variant));
  set(attributes, ATTR.slices, strings(request.slices));
  set(attributes, ATTR.confidence, share(labels.confidence));
  set(attributes, ATTR.clientRetries, count(labels.client_retries));
  return attributes;
}

/** What the answer says, but for its text. */
export function readingAttributes(reading: AnswerReading): Attributes {
  const attributes: Attributes = {};
  const finishReason = string(reading.finish_reason);
  set(attributes, ATTR.responseModel, string(reading.model));
  set(attributes, ATTR.responseId, string(reading.id));
  set(attributes, ATTR.finishReasons, finishReason ? [finishReason] : strings(reading.finish_reasons));
  set(attributes, ATTR.inputTokens, count(reading.input_tokens));
  set(attributes, ATTR.outputTokens, count(reading.output_tokens));
  set(attributes, ATTR.cacheReadTokens, count(reading.cache_read_tokens));
  set(attributes, ATTR.cacheWriteTokens, count(reading.cache_write_tokens));
  set(attributes, ATTR.reasoningTokens, count(reading.reasoning_tokens));
  set(attributes, ATTR.httpStatus, httpStatus(reading.http_status));
  set(attributes, ATTR.confidence, share(reading.confidence));
  set(attributes, ATTR.clientRetries, count(reading.client_retries));
  return attributes;
}

function set(attributes: Attributes, name: string, value: AttributeValue | undefined): void {
  if (value !== undefined) attributes[name] = value;
}

function operation(labels: CallLabels): string {
  return string(labels.operation) ?? 'chat';
}

function share(value: unknown): number | undefined {
  const number = amount(value);
  return number !== undefined && number <= 1 ? number : undefined;
}
