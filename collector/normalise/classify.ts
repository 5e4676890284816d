/** First of all: is a span a model call, a carrier that repeats or sums the usage of calls, or neither? */

import type { Gathered } from './gather.ts';
import { asCount, asText } from './values.ts';

export type SpanClass = 'call' | 'carrier' | 'neither';

const CALL_OPERATIONS = new Set(['chat', 'text_completion', 'generate_content', 'embeddings']);
const CARRIER_OPERATIONS = new Set(['invoke_agent', 'invoke_workflow']);

function hasUsage(fields: Gathered): boolean {
  return asCount(fields.get('input_tokens')) !== null || asCount(fields.get('output_tokens')) !== null;
}

/** Agents and workflows without usage tell nothing that their calls do not: they are not stored. */
export function classify(fields: Gathered): SpanClass {
  const operation = asText(fields.get('operation'));
  if (CALL_OPERATIONS.has(operation)) return 'call';
  if (CARRIER_OPERATIONS.has(operation)) return hasUsage(fields) ? 'carrier' : 'neither';
  if (operation !== '') return 'neither';
  // Emitters older than the operation's name: a model with usage or an answer is a call.
  const named = fields.get('request_model') !== null || fields.get('response_model') !== null;
  return named && (hasUsage(fields) || fields.get('response_model') !== null) ? 'call' : 'neither';
}
