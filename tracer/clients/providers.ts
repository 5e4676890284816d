/** The conventions' names of providers, by the host that is called. */

const BY_HOST: readonly [host: string, provider: string][] = [
  ['api.openai.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
  ['openai.azure.com', 'azure.ai.openai'],
  ['cognitiveservices.azure.com', 'azure.ai.openai'],
  ['services.ai.azure.com', 'azure.ai.inference'],
  ['api.mistral.ai', 'mistral_ai'],
  ['api.groq.com', 'groq'],
  ['api.deepseek.com', 'deepseek'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.x.ai', 'x_ai'],
  ['api.cohere.com', 'cohere'],
  ['api.together.xyz', 'together_ai'],
  ['api.fireworks.ai', 'fireworks_ai'],
  ['openrouter.ai', 'openrouter'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['aiplatform.googleapis.com', 'gcp.vertex_ai'],
];

/** Names of the AI SDK's providers that differ from the conventions'. */
const BY_AI_SDK: Record<string, string> = {
  google: 'gcp.gemini',
  vertex: 'gcp.vertex_ai',
  'amazon-bedrock': 'aws.bedrock',
  bedrock: 'aws.bedrock',
  azure: 'azure.ai.openai',
  'azure-openai': 'azure.ai.openai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
  togetherai: 'together_ai',
  fireworks: 'fireworks_ai',
};

/** The provider behind a host name; undefined for a host that is not well known. */
export function providerOfHost(host: string): string | undefined {
  return BY_HOST.find(([known]) => host === known || host.endsWith(`.${known}`))?.[1];
}

/** The provider of an AI SDK model, which says `openai.chat` or `google.vertex.chat`. */
export function providerOfModel(provider: string): string {
  const [name = '', kind] = provider.split('.');
  if (name === 'google' && kind === 'vertex') return 'gcp.vertex_ai';
  return BY_AI_SDK[name] ?? name;
}

/** Where a client calls, as far as the span says it. */
export interface Endpoint {
  provider: string;
  server_address: string | undefined;
  server_port: number | undefined;
}

const endpoints = new Map<string, Endpoint>();
const MAX_ENDPOINTS = 256;

/** The endpoint of a client's base URL; `fallback` is the provider whose protocol it speaks. */
export function endpointOf(base_url: unknown, fallback: string): Endpoint {
  const key = `${fallback} ${base_url}`;
  const found = endpoints.get(key);
  if (found) return found;
  const url = URL.canParse(String(base_url)) ? new URL(String(base_url)) : undefined;
  const endpoint: Endpoint = {
    provider: (url && providerOfHost(url.hostname)) ?? fallback,
    server_address: url?.hostname,
    server_port: url ? Number(url.port) || (url.protocol === 'http:' ? 80 : 443) : undefined,
  };
  if (endpoints.size < MAX_ENDPOINTS) endpoints.set(key, endpoint);
  return endpoint;
}
