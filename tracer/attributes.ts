/**
 * The attribute names, pinned here: the GenAI conventions are still in development and have moved
 * between packages, so a dependency's constants would change under us.
 */
export const ATTR = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  stream: 'gen_ai.request.stream',
  responseModel: 'gen_ai.response.model',
  responseId: 'gen_ai.response.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  conversationId: 'gen_ai.conversation.id',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheWriteTokens: 'gen_ai.usage.cache_write.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  userId: 'user.id',
  serverAddress: 'server.address',
  errorType: 'error.type',
  httpStatus: 'http.response.status_code',
  promptHash: 'plumbline.prompt.hash',
  responseHash: 'plumbline.response.hash',
  confidence: 'plumbline.confidence',
  requestType: 'plumbline.request_type',
  variant: 'plumbline.variant',
  slices: 'plumbline.slices',
  clientRetries: 'plumbline.client_retries',
} as const;
