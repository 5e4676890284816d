/** OpenTelemetry's instrumentations of AWS clients: the conventions on spans of the Bedrock runtime, cache lost. */
import type { Dialect } from './dialect.ts';
import { genaiFields } from './otel-genai.ts';

export const bedrock: Dialect = {
  name: 'otel-bedrock',
  scope: /^opentelemetry\.instrumentation\.botocore|^@opentelemetry\/instrumentation-aws-sdk/,
  fingerprint: [],
  fields: genaiFields,
  // Spans of other AWS calls come from the same scopes.
  kinds: [{ lacks: 'gen_ai.operation.name', is: 'neither' }],
  input_basis: [{ scope: /./, is: 'additive' }],
};
