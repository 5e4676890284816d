/** The dialects in the order in which they are tried: the ones with names of their own before those that copy others'. */

import { aiSdk, aiSdkConventions } from './ai-sdk.ts';
import { bedrock } from './bedrock.ts';
import type { Dialect } from './dialect.ts';
import { googleAdk } from './google-adk.ts';
import { langfuse } from './langfuse.ts';
import { langsmith } from './langsmith.ts';
import { litellm } from './litellm.ts';
import { agentFramework, azureInference, semanticKernel } from './microsoft.ts';
import { openinference } from './openinference.ts';
import { openlit } from './openlit.ts';
import { openllmetry } from './openllmetry.ts';
import { otelGenai } from './otel-genai.ts';
import { logfire, pydanticAi } from './pydantic.ts';
import { strands } from './strands.ts';

export const dialects: readonly Dialect[] = [
  aiSdk,
  aiSdkConventions,
  langfuse,
  openinference,
  langsmith,
  litellm,
  openlit,
  pydanticAi,
  logfire,
  googleAdk,
  strands,
  agentFramework,
  semanticKernel,
  azureInference,
  bedrock,
  openllmetry,
  otelGenai,
];
