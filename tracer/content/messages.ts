/** Messages of any known shape as the conventions word them, every text redacted on its way. */
import { type Fields, fields, list, string } from '../values.ts';
import type { Scrub } from './scrubber.ts';

interface Part {
  type: string;
  [field: string]: unknown;
}

interface Message {
  role: string;
  parts: Part[];
  finish_reason?: string;
}

/** `gen_ai.input.messages`: JSON. Takes what a prompt may be: text, a list of texts, or messages. */
export function inputMessages(input: unknown, scrub: Scrub): string {
  const messages = Array.isArray(input) ? input : [input];
  return JSON.stringify(messages.map((message) => messageOf(message, scrub)));
}

/** `gen_ai.output.messages`: JSON of the one answer that is read, the first choice. */
export function outputMessages(text: string, finish_reason: string | undefined, scrub: Scrub): string {
  const message: Message = {
    role: 'assistant',
    parts: [{ type: 'text', content: scrub.text(text) }],
    ...(finish_reason ? { finish_reason } : {}),
  };
  return JSON.stringify([message]);
}

/** `gen_ai.system_instructions`: JSON. */
export function systemInstructions(system: unknown, scrub: Scrub): string {
  return JSON.stringify(partsOf(system, scrub));
}

function messageOf(value: unknown, scrub: Scrub): Message {
  const message = fields(value);
  if (!message) return { role: 'user', parts: partsOf(value, scrub) };
  const role = string(message.role) ?? (message.type === 'function_call_output' ? 'tool' : 'user');
  // Items of the Responses API that are no messages: tool calls and their results.
  if (message.content === undefined && message.parts === undefined && message.tool_calls === undefined) {
    return { role, parts: partsOf([message], scrub) };
  }
  if (role === 'tool') return { role, parts: [toolResult(message, scrub)] };
  const calls = list(message.tool_calls).map((call) => toolCall(fields(call) ?? {}, scrub));
  return { role, parts: [...partsOf(message.content ?? message.parts, scrub), ...calls] };
}

function partsOf(value: unknown, scrub: Scrub): Part[] {
  if (typeof value === 'string') return [{ type: 'text', content: scrub.text(value) }];
  if (Array.isArray(value)) return value.flatMap((part) => partsOf(part, scrub));
  const part = fields(value);
  return part ? [partOf(part, scrub)] : [];
}

function partOf(part: Fields, scrub: Scrub): Part {
  const type = string(part.type) ?? 'text';
  const text = string(part.text) ?? string(part.thinking) ?? string(part.content) ?? string(part.refusal);
  if (/reasoning|thinking/.test(type)) return { type: 'reasoning', content: scrub.text(text ?? '') };
  if (/result|output$|response/.test(type)) return toolResult(part, scrub);
  if (/tool|function/.test(type)) return toolCall(part, scrub);
  // Bytes and addresses of media are not sent: neither can be redacted.
  if (text === undefined) return { type: 'blob', modality: modality(type, part) };
  return { type: 'text', content: scrub.text(text) };
}

function toolCall(call: Fields, scrub: Scrub): Part {
  const inner = fields(call.function) ?? call;
  const id = string(call.id) ?? string(call.call_id) ?? string(call.toolCallId);
  const args = inner.arguments ?? inner.input ?? inner.args;
  return {
    type: 'tool_call',
    ...(id ? { id } : {}),
    name: string(inner.name) ?? string(inner.toolName) ?? '',
    arguments: scrub.text(asText(args)),
  };
}

function toolResult(part: Fields, scrub: Scrub): Part {
  const id =
    string(part.tool_use_id) ?? string(part.tool_call_id) ?? string(part.call_id) ?? string(part.toolCallId);
  const response = part.content ?? part.output ?? part.result ?? part.response;
  return { type: 'tool_call_response', ...(id ? { id } : {}), response: scrub.text(asText(response)) };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function modality(type: string, part: Fields): string {
  const media = string(part.mediaType) ?? string(part.mime_type) ?? '';
  return /image|audio|video/.exec(`${type} ${media}`)?.[0] ?? 'file';
}
