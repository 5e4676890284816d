/**
 * Slices of the traffic that a call falls into by itself, so that models can be compared where they differ: each rule
 * is pure, and silent where what it looks at is not known.
 */
import { noiseShare } from './noise.ts';

export interface SliceThresholds {
  /** `short`: at most so many input tokens. */
  short_max_tokens: number;
  /** `long_thread`: at least so many messages. */
  long_thread_min_messages: number;
  /** `long_context`: at least this share of the context window, */
  long_context_min_share: number;
  /** or, where the window is not known, at least so many input tokens. */
  long_context_min_tokens: number;
  /** `noisy`: at least this share of the prompt's characters is noise. */
  noisy_min_share: number;
}

export interface SliceFacts {
  input_tokens: number | null;
  output_tokens: number | null;
  context_window: number | null;
  finish_reason: string;
  /** Text of the prompt, null where content was not sent. */
  prompt: string | null;
  /** Messages of the prompt, null where content was not sent. */
  messages: number | null;
  /** A part of the prompt is an image, a sound, a film or a file. */
  multimodal: boolean;
}

const CUT_OFF = new Set([
  'length',
  'max_tokens',
  'max_output_tokens',
  'model_length',
  'model_context_window_exceeded',
]);
/** About the characters of a token, for prompts whose tokens nobody counted. */
const CHARS_PER_TOKEN = 4;

function isShort(facts: SliceFacts, { short_max_tokens }: SliceThresholds): boolean {
  if (facts.input_tokens !== null) return facts.input_tokens <= short_max_tokens;
  return facts.prompt !== null && facts.prompt.length <= short_max_tokens * CHARS_PER_TOKEN;
}

function isLongContext(facts: SliceFacts, thresholds: SliceThresholds): boolean {
  if (facts.input_tokens === null) return false;
  if (facts.context_window === null) return facts.input_tokens >= thresholds.long_context_min_tokens;
  const used = (facts.input_tokens + (facts.output_tokens ?? 0)) / facts.context_window;
  return used >= thresholds.long_context_min_share;
}

export function slicesOf(facts: SliceFacts, thresholds: SliceThresholds): string[] {
  const slices: string[] = [];
  if (isShort(facts, thresholds)) slices.push('short');
  if (facts.messages !== null && facts.messages >= thresholds.long_thread_min_messages)
    slices.push('long_thread');
  if (isLongContext(facts, thresholds)) slices.push('long_context');
  if (facts.multimodal) slices.push('multimodal');
  if (facts.finish_reason !== '' && CUT_OFF.has(facts.finish_reason.toLowerCase())) slices.push('truncated');
  if (facts.prompt !== null && noiseShare(facts.prompt) >= thresholds.noisy_min_share) slices.push('noisy');
  return slices;
}

/** What the settings say when they say nothing (schemas/settings): for tests and benches. */
export const DEFAULT_SLICES: SliceThresholds = {
  short_max_tokens: 64,
  long_thread_min_messages: 12,
  long_context_min_share: 0.5,
  long_context_min_tokens: 32_000,
  noisy_min_share: 0.3,
};
