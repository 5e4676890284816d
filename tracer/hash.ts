import { hash } from 'node:crypto';
import { fields, list } from './values.ts';

const TEXT_TYPES = new Set<unknown>(['text', 'input_text', 'output_text']);

/** SHA-256 of the text's UTF-8 bytes as 64 lower-case hex digits; undefined for no text. */
export function textHash(text: string | undefined): string | undefined {
  return text ? hash('sha256', text, 'hex') : undefined;
}

/** A hash somebody else computed, as lower-case hex; undefined when it is not a SHA-256 in hex. */
export function knownHash(digest: unknown): string | undefined {
  return typeof digest === 'string' && /^[0-9a-f]{64}$/i.test(digest) ? digest.toLowerCase() : undefined;
}

/**
 * The text of a prompt: the text parts of its messages, in order, joined by newlines. Takes a string,
 * a list of strings, or messages in the shapes of OpenAI, Anthropic, Gemini, the AI SDK or the conventions.
 * Images, tool calls, tool results and reasoning are no text.
 */
export function promptText(input: unknown): string {
  return textParts(input).join('\n');
}

/** Text parts of one message's content, or of a list of messages. */
export function textParts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textParts);
  const part = fields(value);
  if (!part) return [];
  if (part.type !== undefined && part.type !== 'message' && !TEXT_TYPES.has(part.type)) return [];
  if (typeof part.text === 'string') return textParts(part.text);
  if (typeof part.content === 'string') return textParts(part.content);
  return [...list(part.content), ...list(part.parts)].flatMap(textParts);
}
