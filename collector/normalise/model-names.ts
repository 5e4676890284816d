/** Canonical names of models; what was reported is kept beside them. */

import { canonicalProvider } from './providers.ts';
import { remembering } from './remembered.ts';

/** Providers whose name may stand before a model, as `openai/gpt-4o`. Organisations on hubs are part of the model's name. */
const PREFIX_PROVIDERS = new Set([
  'openai',
  'anthropic',
  'azure',
  'bedrock',
  'vertex_ai',
  'gemini',
  'google',
  'groq',
  'xai',
  'mistral',
  'cohere',
  'deepseek',
  'openrouter',
  'fireworks_ai',
  'together_ai',
  'ollama',
]);

const PLACEHOLDER_MODELS = new Set(['', 'chat', 'unknown', 'default', 'none', 'null', 'undefined']);

interface ModelName {
  model: string;
  /** A word for not knowing. */
  is_placeholder: boolean;
  /** The provider that the name was prefixed with, canonical; empty if none. */
  prefix: string;
}

/** A provider's prefix and Google's paths are taken off; an organisation on a hub is part of the name. */
export const splitModel: (reported: string) => ModelName = remembering((reported) => {
  // Google's: `models/x`, `publishers/google/models/x`, `projects/p/locations/l/publishers/google/models/x`.
  let model = reported.trim().replace(/^(?:(?:projects|locations|publishers)\/[^/]+\/)*models\//, '');
  let prefix = '';
  for (let slash = model.indexOf('/'); slash > 0; slash = model.indexOf('/')) {
    const head = model.slice(0, slash).toLowerCase();
    if (!PREFIX_PROVIDERS.has(head)) break;
    prefix ||= canonicalProvider(head);
    model = model.slice(slash + 1);
  }
  return { model, is_placeholder: PLACEHOLDER_MODELS.has(model.toLowerCase()), prefix };
});

/**
 * The model a call is counted under: what was asked for. A failure has no response model, and an error rate by
 * model must not split in two; so the response's name is taken only where the request names none.
 */
export function canonicalModel(request: string, response: string): ModelName {
  const asked = splitModel(request);
  if (!asked.is_placeholder) return asked;
  const answered = splitModel(response);
  return answered.model === '' ? asked : answered;
}

/** The model whose prices hold: what answered where that is known, since an alias may answer by a dearer model. */
export function pricedModel(model: string, response_model: string): string {
  return response_model === '' ? model : canonicalModel(response_model, '').model;
}

const CALL_NAME = /^(?:chat|text_completion|generate_content|embeddings) (\S+)$/;

/** The model in a name that the conventions give to the span of a call; empty if it is no such name. */
export function modelOfName(span_name: string): string {
  return CALL_NAME.exec(span_name)?.[1] ?? '';
}
