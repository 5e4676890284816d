/** What is worked out of one call, the same wherever it is counted: in exact metrics and in rollup cells. */

/** Input and output tokens, null where neither is known. */
export const ALL_TOKENS =
  'if(input_tokens IS NULL AND output_tokens IS NULL, NULL, toUInt64(ifNull(input_tokens, 0)) + ifNull(output_tokens, 0))';

const OUTPUT_MS = 'duration_ms - ifNull(ttft_ms, 0)';
/** Output tokens by the time after the first token, or the whole time. */
export const TOKENS_PER_SECOND = `if(${OUTPUT_MS} > 0, output_tokens * 1000 / (${OUTPUT_MS}), NULL)`;

/** Share of the context window that input and output fill. */
export const CONTEXT_USED = `if(context_window > 0, ${ALL_TOKENS} / context_window, NULL)`;
