/** First of all: is a span a model call, a carrier that repeats or sums the usage of calls, or neither? */
import type { Dialect, SpanClass } from '../dialects/dialect.ts';
import type { Span } from '../otlp/span.ts';
import { position } from './compile.ts';
import { holds } from './conditions.ts';
import type { Gathered } from './gather.ts';
import { asCount, asText } from './values.ts';

export interface Classified {
  kind: SpanClass;
  /** The canonical operation; empty for what is neither. */
  operation: string;
}

const NEITHER: Classified = { kind: 'neither', operation: '' };
const CALL_OPERATIONS = new Set(['chat', 'text_completion', 'generate_content', 'embeddings']);
const CARRIER_OPERATIONS = new Set(['invoke_agent', 'invoke_workflow']);

/** Zeros are what some emitters write for not knowing. */
function hasUsage(fields: Gathered): boolean {
  return (
    (asCount(fields.get(position.input_tokens)) ?? 0) > 0 ||
    (asCount(fields.get(position.output_tokens)) ?? 0) > 0
  );
}

/** Carriers without usage tell nothing that their calls do not: they are not stored. */
function carrier(fields: Gathered, operation: string): Classified {
  return hasUsage(fields) ? { kind: 'carrier', operation } : NEITHER;
}

/** The dialect's rules first, then the conventions' operation, then a model with usage or an answer. */
export function classify(span: Span, dialect: Dialect, fields: Gathered): Classified {
  const reported = asText(fields.get(position.operation));
  for (const rule of dialect.kinds ?? []) {
    if (!holds(rule, span, fields)) continue;
    const operation = rule.operation_is ?? (CALL_OPERATIONS.has(reported) ? reported : 'chat');
    if (rule.is === 'call') return { kind: 'call', operation };
    if (rule.is === 'neither') return NEITHER;
    return rule.implies_call ? { kind: 'carrier', operation } : carrier(fields, reported || operation);
  }
  if (CALL_OPERATIONS.has(reported)) return { kind: 'call', operation: reported };
  if (CARRIER_OPERATIONS.has(reported)) return carrier(fields, reported);
  if (reported !== '') return NEITHER;
  // Emitters older than the operation's name: a model with usage or an answer is a call.
  const answered = fields.get(position.response_model) !== null;
  const named = answered || fields.get(position.request_model) !== null;
  return named && (answered || hasUsage(fields)) ? { kind: 'call', operation: 'chat' } : NEITHER;
}
