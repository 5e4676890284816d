/** Why an answer ended: the first choice's reason, in the spelling that providers share. */
import type { AttributeValue } from '../otlp/span.ts';
import { remembering } from './remembered.ts';
import { asTextList } from './values.ts';

const bare = remembering((reported) => {
  const name = reported
    .replaceAll('"', '')
    .replace(/^\w+\./, '')
    .replaceAll('-', '_')
    .toLowerCase();
  return name === 'tool_call' ? 'tool_calls' : name;
});

/** `FinishReason.TOOL_CALLS`, `tool-calls`, `tool_call` and `tool_calls` are one. */
export function finishReason(value: AttributeValue): string {
  return bare(asTextList(value)[0] ?? '');
}
