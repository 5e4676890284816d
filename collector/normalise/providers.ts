/** Canonical names of providers: what was reported, unless it names none; then what host or model tell. */

import { remembering } from './remembered.ts';

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
  ['google-genai', 'gcp.gen_ai'],
  ['google_vertexai', 'gcp.vertex_ai'],
  ['azure-openai', 'azure.ai.openai'],
  ['azureopenai', 'azure.ai.openai'],
  ['bedrock_converse', 'aws.bedrock'],
  ['together_ai', 'together'],
  ['fireworks_ai', 'fireworks'],
]);

/** Frameworks that give their own name as the provider's, and words for not knowing it. */
const NO_PROVIDERS = new Set([
  '_other',
  'unknown',
  'none',
  'null',
  'undefined',
  'custom',
  'gcp.vertex.agent',
  'strands-agents',
  'strands_agents',
  'langchain',
  'langgraph',
  'llamaindex',
  'llama_index',
  'litellm',
  'litellm_proxy',
  'crewai',
  'pydantic_ai',
  'pydantic-ai',
  'semantic_kernel',
  'microsoft.agent_framework',
  'agent_framework',
  'ai',
  'vercel',
]);

/** Hosts that speak for a provider, whatever client calls them: OpenAI's client calls many. */
const HOSTS: readonly [RegExp, string][] = [
  [/(^|\.)openai\.azure\.com$|(^|\.)cognitiveservices\.azure\.com$/, 'azure.ai.openai'],
  [/(^|\.)models\.(inference\.)?ai\.azure\.com$|(^|\.)inference\.ai\.azure\.com$/, 'azure.ai.inference'],
  [/(^|\.)api\.anthropic\.com$/, 'anthropic'],
  [/^bedrock(-runtime)?[.-].*amazonaws\.com/, 'aws.bedrock'],
  [/^generativelanguage\.googleapis\.com$/, 'gcp.gemini'],
  [/aiplatform\.googleapis\.com$/, 'gcp.vertex_ai'],
  [/(^|\.)openrouter\.ai$/, 'openrouter'],
  [/(^|\.)api\.groq\.com$/, 'groq'],
  [/(^|\.)api\.mistral\.ai$/, 'mistral_ai'],
  [/(^|\.)api\.x\.ai$/, 'x_ai'],
  [/(^|\.)api\.deepseek\.com$/, 'deepseek'],
  [/(^|\.)api\.cohere\.(com|ai)$/, 'cohere'],
  [/(^|\.)api\.perplexity\.ai$/, 'perplexity'],
  [/(^|\.)api\.together\.(xyz|ai)$/, 'together'],
  [/(^|\.)api\.fireworks\.ai$/, 'fireworks'],
  [/(^|\.)api\.openai\.com$/, 'openai'],
];

/** Models that one provider alone names so. */
const MODELS: readonly [RegExp, string][] = [
  [
    /^(?:(?:us|eu|apac|global)\.)?(?:anthropic|amazon|meta|cohere|mistral|ai21|deepseek)\.[\w-]+/,
    'aws.bedrock',
  ],
  [/^(gpt-|chatgpt-|o[134](-|$)|text-embedding-(3|ada)|davinci-|babbage-)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^(gemini-|text-embedding-00)/, 'gcp.gemini'],
  [/^(mistral-|ministral-|codestral-|magistral-|pixtral-)/, 'mistral_ai'],
  [/^grok-/, 'x_ai'],
  [/^deepseek-(chat|reasoner)/, 'deepseek'],
  [/^(command-|embed-(english|multilingual))/, 'cohere'],
];

/** `openai.chat` and `anthropic.messages` (the AI SDK's spelling) name the provider and its API. */
const WITH_API =
  /^(openai|anthropic|cohere|groq|xai|mistral|azure|deepseek|google\.generative-ai|google\.vertex|amazon-bedrock)(?:-openai)?\.[a-z_.]+$/;

/** The canonical spelling; empty for a framework's own name or a word for not knowing. */
export const canonicalProvider: (reported: string) => string = remembering((reported) => {
  const lower = reported.trim().toLowerCase();
  if (NO_PROVIDERS.has(lower)) return '';
  const known = PROVIDER_ALIASES.get(lower);
  if (known !== undefined) return known;
  const bare = WITH_API.exec(lower)?.[1] ?? lower;
  return PROVIDER_ALIASES.get(bare) ?? bare;
});

/** Some emitters give the whole URL as the address. */
function hostName(address: string): string {
  return address
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/[:/].*$/s, '');
}

/** The provider that a host speaks for; empty if none is known. */
const providerOfHost = remembering((address) => {
  const name = hostName(address);
  return HOSTS.find(([pattern]) => pattern.test(name))?.[1] ?? '';
});

/** The provider that alone has a model of that name; empty if none is known. */
const providerOfModel = remembering((model) => {
  const lower = model.toLowerCase();
  return MODELS.find(([pattern]) => pattern.test(lower))?.[1] ?? '';
});

/**
 * The provider of a call. A known host is surer than a client's name, since OpenAI's client calls many providers; the
 * prefix of the model's name and the name itself come last.
 */
export function providerOf(call: { reported: string; host: string; prefix: string; model: string }): string {
  const reported = canonicalProvider(call.reported);
  if (call.host !== '' && (reported === '' || reported === 'openai')) {
    const host = providerOfHost(call.host);
    if (host !== '') return host;
  }
  if (reported !== '' || call.prefix !== '') return reported || call.prefix;
  return providerOfModel(call.model);
}
