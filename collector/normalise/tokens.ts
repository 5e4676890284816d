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

/** What is known of the emitter beside its counts. */
export interface Emitter {
  basis: 'inclusive' | 'additive' | 'estimated' | undefined;
  /** The total is the provider's own and not added up by the emitter. */
  total_proves: boolean;
  /** Reasoning is reported beside the output, not inside it. */
  reasoning_beside: boolean;
}

function basisOf(tokens: ReportedTokens, known: Emitter): Basis {
  const cached = (tokens.cache_read ?? 0) + (tokens.cache_write ?? 0);
  const { input, total } = tokens;
  if (input === null && tokens.output === null) return 'unknown';
  if (input !== null && input < cached) return 'additive';
  if (known.basis === 'estimated') return 'estimated';
  // The reverse proves nothing by itself: several emitters add up a total from additive parts.
  if (cached > 0 && input !== null && total !== null) {
    const output = tokens.output ?? 0;
    const outputs = [output, output + (tokens.reasoning ?? 0)];
    if (outputs.some((one) => total === input + cached + one)) return 'additive';
    if (known.total_proves && outputs.some((one) => total === input + one)) return 'inclusive';
  }
  return known.basis ?? 'unknown';
}

/** Only an emitter that leaves reasoning out of the output can report more of it than output, or a total with both. */
function isReasoningBeside(tokens: ReportedTokens, input: number | null, known: Emitter): boolean {
  const { output, reasoning, total } = tokens;
  if (output === null || reasoning === null || reasoning === 0) return false;
  if (reasoning > output || known.reasoning_beside) return true;
  return known.total_proves && input !== null && total === input + output + reasoning;
}

/** What the column holds; more is no count. */
function count(sum: number): number | null {
  return sum <= 0xffff_ffff ? sum : null;
}

/** Missing stays null. Where nothing tells the basis, input counts as inclusive. */
export function billedTokens(tokens: ReportedTokens, known: Emitter): TokenFields {
  const basis = basisOf(tokens, known);
  const cached = (tokens.cache_read ?? 0) + (tokens.cache_write ?? 0);
  const { output, reasoning } = tokens;
  const input = tokens.input !== null && basis === 'additive' ? count(tokens.input + cached) : tokens.input;
  return {
    input_tokens: input,
    output_tokens: isReasoningBeside(tokens, input, known) ? count(output! + reasoning!) : output,
    cache_read_tokens: tokens.cache_read,
    cache_write_tokens: tokens.cache_write,
    reasoning_tokens: reasoning,
    token_basis: basis,
  };
}
