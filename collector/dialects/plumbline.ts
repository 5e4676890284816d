/** Attributes of our own, for what the conventions have no name for. Any dialect may carry them. */
import type { Dialect } from './dialect.ts';

export const plumblineFields = {
  prompt_hash: ['plumbline.prompt.hash'],
  response_hash: ['plumbline.response.hash'],
  confidence: ['plumbline.confidence'],
  request_type: ['plumbline.request_type'],
  variant: ['plumbline.variant'],
  slices: ['plumbline.slices'],
  client_retries: ['plumbline.client_retries'],
} as const satisfies Dialect['fields'];
