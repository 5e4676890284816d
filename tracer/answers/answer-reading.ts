import type { CallReading } from '../options.ts';

/**
 * What an answer says of its call. Tokens are billed totals: input with cached tokens, output with
 * reasoning. What the answer does not say is undefined, never 0.
 */
export interface AnswerReading extends CallReading {
  /** One for each choice. */
  finish_reasons?: string[] | undefined;
}

/** Collects what a stream's chunks say. */
export interface StreamReader {
  /** Takes one chunk; true when it carries content (text, reasoning, a tool call), which makes it a first token. */
  take(chunk: unknown): boolean;
  /** What the chunks taken so far add up to. */
  reading(): AnswerReading;
}

/** Billed output. A few providers count reasoning beside the output; their total gives them away. */
export function outputWithReasoning(usage: {
  input: number | undefined;
  output: number | undefined;
  reasoning: number | undefined;
  total: number | undefined;
}): number | undefined {
  const { input, output, reasoning, total } = usage;
  if (output === undefined || !reasoning) return output;
  return total === (input ?? 0) + output + reasoning ? output + reasoning : output;
}
