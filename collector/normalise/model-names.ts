/** Canonical names of providers and models; what was reported is kept beside them. */

/** Spellings of providers, old names first met in the field included. */
const PROVIDER_ALIASES = new Map([
  ['vertex_ai', 'gcp.vertex_ai'],
  ['vertexai', 'gcp.vertex_ai'],
  ['gemini', 'gcp.gemini'],
  ['google', 'gcp.gemini'],
  ['google.generative-ai', 'gcp.gemini'],
  ['google.vertex', 'gcp.vertex_ai'],
  ['google_genai', 'gcp.gen_ai'],
  ['az.ai.inference', 'azure.ai.inference'],
  ['az.ai.openai', 'azure.ai.openai'],
  ['azure', 'azure.ai.openai'],
  ['azure_openai', 'azure.ai.openai'],
  ['bedrock', 'aws.bedrock'],
  ['aws_bedrock', 'aws.bedrock'],
  ['amazon-bedrock', 'aws.bedrock'],
  ['xai', 'x_ai'],
  ['mistral', 'mistral_ai'],
  ['mistralai', 'mistral_ai'],
]);

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

/** `openai.chat` (the AI SDK's spelling) names the provider and its API. */
export function canonicalProvider(reported: string): string {
  const lower = reported.trim().toLowerCase();
  const bare = /^(openai|anthropic|cohere|groq|xai|mistral)\.[a-z_]+$/.exec(lower)?.[1] ?? lower;
  return PROVIDER_ALIASES.get(bare) ?? bare;
}

interface ModelName {
  model: string;
  /** The provider that the name was prefixed with, canonical; empty if none. */
  prefix: string;
}

export function splitModel(reported: string): ModelName {
  let model = reported.trim();
  let prefix = '';
  for (let slash = model.indexOf('/'); slash > 0; slash = model.indexOf('/')) {
    const head = model.slice(0, slash).toLowerCase();
    if (head === 'models') {
      model = model.slice(slash + 1);
      continue;
    }
    if (!PREFIX_PROVIDERS.has(head)) break;
    prefix ||= canonicalProvider(head);
    model = model.slice(slash + 1);
  }
  return { model, prefix };
}

/**
 * The model a call is counted under: what was asked for. A failure has no response model, and an error rate by
 * model must not split in two; so the response's name is taken only where the request names none.
 */
export function canonicalModel(request: string, response: string): ModelName {
  const asked = splitModel(request);
  if (!PLACEHOLDER_MODELS.has(asked.model.toLowerCase())) return asked;
  const answered = splitModel(response);
  return answered.model === '' ? asked : answered;
}

/** The model whose prices hold: what answered where that is known, since an alias may answer by a dearer model. */
export function pricedModel(model: string, response_model: string): string {
  return response_model === '' ? model : canonicalModel(response_model, '').model;
}
