/** Slices that only the prompt shows. The collector finds them by itself where it is sent the messages. */
import type { Attributes } from '@opentelemetry/api';
import { ATTR } from '../attributes.ts';
import { type Fields, fields, list, strings } from '../values.ts';

/** As the collector has it by default. */
const LONG_THREAD_MESSAGES = 12;
const MEDIA = /image|audio|video|file|document/i;

/** Adds `long_thread` and `multimodal` to the slices that are set, where the prompt is messages. */
export function addSlices(attributes: Attributes, input: unknown): void {
  const messages = list(input)
    .map(fields)
    .filter((message): message is Fields => message?.role !== undefined);
  const found: string[] = [];
  if (messages.length >= LONG_THREAD_MESSAGES) found.push('long_thread');
  if (messages.some(hasMedia)) found.push('multimodal');
  if (found.length === 0) return;
  attributes[ATTR.slices] = [...new Set([...(strings(attributes[ATTR.slices]) ?? []), ...found])];
}

function hasMedia(message: Fields): boolean {
  return list(message.content ?? message.parts).some((value) => {
    const part = fields(value);
    return part !== undefined && (MEDIA.test(String(part.type)) || 'inlineData' in part);
  });
}
