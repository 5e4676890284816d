/**
 * The text of messages, for hashes: the text parts of the first answer joined by nothing; of the input messages in
 * their order, joined by newlines. Messages come as JSON text or as structured values.
 */
import type { AttributeValue } from '../otlp/span.ts';
import { asText, toJson } from './values.ts';

type Json = Record<string, unknown>;

/** `text` in the conventions and most clients; the others are those of OpenAI's responses. */
const TEXT_TYPES = new Set<unknown>(['text', 'input_text', 'output_text']);

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Messages as JSON, or undefined when the value is plain text or nothing. */
function messagesOf(value: AttributeValue): unknown[] | undefined {
  let json = value === null || typeof value === 'string' ? undefined : toJson(value);
  if (typeof value === 'string' && /^\s*[[{]/.test(value)) {
    try {
      json = JSON.parse(value);
    } catch {
      return undefined;
    }
  }
  if (Array.isArray(json)) return json;
  return isObject(json) ? [json] : undefined;
}

/** The texts of one message, in either shape: parts of the conventions, or `content` as the providers' clients have it. */
function textParts(message: unknown): string[] {
  if (typeof message === 'string') return [message];
  if (!isObject(message)) return [];
  const parts = message.parts ?? message.content;
  if (typeof parts === 'string') return [parts];
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part: unknown) => {
    if (typeof part === 'string') return [part];
    if (!isObject(part) || (part.type !== undefined && !TEXT_TYPES.has(part.type))) return [];
    const text = part.content ?? part.text;
    return typeof text === 'string' ? [text] : [];
  });
}

/** What a part may be beside text, in the conventions and in the providers' clients. */
const OTHER_MEDIA = /image|audio|video|file|document|^blob$|^uri$/;

function hasOtherMedia(message: unknown): boolean {
  if (!isObject(message)) return false;
  const parts = message.parts ?? message.content;
  return (
    Array.isArray(parts) &&
    parts.some(
      (part: unknown) => isObject(part) && typeof part.type === 'string' && OTHER_MEDIA.test(part.type),
    )
  );
}

/** The input of a call as far as it was sent. */
export interface Prompt {
  /** Null when there is no text. */
  text: string | null;
  messages: number;
  multimodal: boolean;
}

/** Null when no input was sent. */
export function readPrompt(input: AttributeValue): Prompt | null {
  if (input === null || input === '') return null;
  const messages = messagesOf(input);
  if (messages === undefined) return { text: asText(input), messages: 1, multimodal: false };
  return {
    text: messages.flatMap(textParts).join('\n') || null,
    messages: messages.length,
    multimodal: messages.some(hasOtherMedia),
  };
}

/** Null when there is no text. */
export function responseText(output: AttributeValue): string | null {
  if (output === null) return null;
  const messages = messagesOf(output);
  if (messages === undefined) return typeof output === 'string' && output !== '' ? output : null;
  const texts = textParts(messages[0]);
  return texts.join('') || null;
}
