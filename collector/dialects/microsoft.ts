/** Microsoft's: Agent Framework, Semantic Kernel, Azure AI inference. The conventions, each with quirks. */
import type { Dialect } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

export const agentFramework: Dialect = {
  name: 'agent-framework',
  scope: /^agent_framework|^Microsoft\.Agents|^Experimental\.Microsoft\.Agents/,
  fingerprint: [],
  fields: genaiFields,
  input_basis: [{ provider: /^(openai|azure\.ai\.openai|gcp\.)/, is: 'inclusive' }],
};

export const semanticKernel: Dialect = {
  name: 'semantic-kernel',
  scope: /^semantic_kernel|^Microsoft\.SemanticKernel/,
  fingerprint: [],
  fields: genaiFields,
  kinds: [
    { name: /^AutoFunctionInvocationLoop/, is: 'neither' },
    { operation: /^(chat\.completions|chat\.streaming_completions)$/, is: 'call', operation_is: 'chat' },
    {
      operation: /^(text\.completions|text\.streaming_completions)$/,
      is: 'call',
      operation_is: 'text_completion',
    },
  ],
  input_basis: [{ provider: /^(openai|azure\.ai\.openai|gcp\.)/, is: 'inclusive' }],
};

export const azureInference: Dialect = {
  name: 'azure-ai-inference',
  scope: /^azure\.(ai\.inference|core\.tracing)/,
  fingerprint: ['az.namespace'],
  fields: genaiFields,
  kinds: [{ lacks: 'gen_ai.operation.name', is: 'neither' }],
  input_basis: [{ provider: /^(openai|azure\.)/, is: 'inclusive' }],
};
