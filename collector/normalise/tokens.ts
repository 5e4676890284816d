/**
 * Token counts as billed totals (input includes cached, output includes reasoning) whatever the emitter's basis.
 * The name of a key is no proof of its basis: the counts themselves are asked first, then the emitter.
 */
import type { CallRow } from '../../schemas/record/calls.ts';

export interface ReportedTokens {
  input: number | null;
  output: number | null;
  total: number | null;
  cache_read: number | null;
  cache_write: number | null;
  reasoning: number | null;
}

export type TokenFields = Pick<
  CallRow,
  | 'input_tokens'
  | 'output_tokens'
  | 'cache_read_tokens'
  | 'cache_write_tokens'
  | 'reasoning_tokens'
  | 'token_basis'
>;

type Basis = CallRow['token_basis'];

function basisOf(tokens: ReportedTokens, known: 'inclusive' | 'additive' | undefined): Basis {
  const cached = (tokens.cache_read ?? 0) + (tokens.cache_write ?? 0);
  const { input, output, total } = tokens;
  if (input !== null && input < cached) return 'additive';
  // The reverse proves nothing: several emitters add up a total from additive parts.
  if (cached > 0 && input !== null && total !== null && total === input + cached + (output ?? 0))
    return 'additive';
  return known ?? 'unknown';
}

/** Missing stays null. `known` is what the emitter is known to do, if anything; without it input counts as inclusive. */
export function billedTokens(
  tokens: ReportedTokens,
  known: 'inclusive' | 'additive' | undefined,
): TokenFields {
  const basis = basisOf(tokens, known);
  const cached = (tokens.cache_read ?? 0) + (tokens.cache_write ?? 0);
  const { input, output, reasoning } = tokens;
  return {
    input_tokens: input !== null && basis === 'additive' ? input + cached : input,
    // Only an emitter that leaves reasoning out of the output can report more of it than output.
    output_tokens: output !== null && reasoning !== null && reasoning > output ? output + reasoning : output,
    cache_read_tokens: tokens.cache_read,
    cache_write_tokens: tokens.cache_write,
    reasoning_tokens: reasoning,
    token_basis: basis,
  };
}
