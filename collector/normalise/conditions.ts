/** Whether a rule of a dialect holds for a span. */
import type { Condition } from '../dialects/dialect.ts';
import type { Span } from '../otlp/span.ts';
import { position } from './compile.ts';
import type { Gathered } from './gather.ts';
import { asBoolean, asText } from './values.ts';

const STATUS_ERROR = 2;

/** `provider` is the canonical one; rules that ask for it hold for no span while it is not known. */
export function holds(rule: Condition, span: Span, fields: Gathered, provider = ''): boolean {
  if (rule.scope && !rule.scope.test(span.scope.name)) return false;
  if (rule.name && !rule.name.test(span.name)) return false;
  if (rule.kind && !rule.kind.test(asText(fields.get(position.span_kind)))) return false;
  if (rule.operation && !rule.operation.test(asText(fields.get(position.operation)))) return false;
  if (rule.provider && !rule.provider.test(provider)) return false;
  if (rule.has !== undefined && !fields.has(rule.has)) return false;
  if (rule.streamed !== undefined && rule.streamed !== asBoolean(fields.get(position.stream))) return false;
  if (rule.failed !== undefined && rule.failed !== (span.status_code === STATUS_ERROR)) return false;
  return rule.lacks === undefined || !fields.has(rule.lacks);
}
