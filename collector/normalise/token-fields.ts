/** Token counts of a span: gathered, and the emitter's basis asked of its dialect. */
import type { Dialect } from '../dialects/dialect.ts';
import type { Span } from '../otlp/span.ts';
import { position } from './compile.ts';
import { holds } from './conditions.ts';
import type { Gathered } from './gather.ts';
import { billedTokens, type TokenFields } from './tokens.ts';
import { asCount } from './values.ts';

const UNKNOWN: TokenFields = {
  input_tokens: null,
  output_tokens: null,
  cache_read_tokens: null,
  cache_write_tokens: null,
  reasoning_tokens: null,
  token_basis: 'unknown',
};

export function tokenFields(span: Span, fields: Gathered, dialect: Dialect, provider: string): TokenFields {
  const input = asCount(fields.get(position.input_tokens));
  const output = asCount(fields.get(position.output_tokens));
  // No call has no input: two zeros are what some emitters write for not knowing.
  if (input === 0 && (output ?? 0) === 0) return UNKNOWN;
  const rule = dialect.input_basis?.find((one) => holds(one, span, fields, provider));
  return billedTokens(
    {
      input,
      output,
      total: asCount(fields.get(position.total_tokens)),
      cache_read: asCount(fields.get(position.cache_read_tokens)),
      cache_write: asCount(fields.get(position.cache_write_tokens)),
      reasoning: asCount(fields.get(position.reasoning_tokens)),
    },
    {
      basis: rule?.is,
      total_proves: dialect.total_proves === true,
      reasoning_beside: dialect.reasoning_beside?.some((one) => holds(one, span, fields, provider)) === true,
    },
  );
}

/** Counts may be among the attributes that the emitter's SDK dropped at its limit: then they are unknown, not none. */
export function mayHaveLostUsage(span: Span, tokens: TokenFields): boolean {
  return span.dropped_attributes > 0 && (tokens.input_tokens === null || tokens.output_tokens === null);
}
