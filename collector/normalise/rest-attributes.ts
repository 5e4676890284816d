/** The attributes that no field took: redacted, cut, and bounded in number. */
import type { Attributes } from '../otlp/span.ts';
import { cutText, type Redact } from './content.ts';
import { redactName } from './remembered.ts';
import { asText } from './values.ts';

const ATTRIBUTES_MAX = 128;
const VALUE_MAX_CHARS = 4_096;
const KEY_MAX_CHARS = 256;

export interface RestAttributes {
  /** Keys and values in turn. */
  entries: string[];
  cut: boolean;
}

/** `positions` are indexes into the attributes. Of a key that comes twice the last value stays. */
export function restAttributes(
  attributes: Attributes,
  positions: readonly number[],
  redact: Redact,
): RestAttributes {
  const redactKey = redactName(redact);
  const entries: string[] = [];
  let cut = positions.length > ATTRIBUTES_MAX;
  const kept = Math.min(positions.length, ATTRIBUTES_MAX);
  for (let i = 0; i < kept; i++) {
    const position = positions[i]!;
    const key = cutText(attributes.keys[position]!, KEY_MAX_CHARS);
    const bounded = cutText(asText(attributes.values[position]!), 2 * VALUE_MAX_CHARS);
    const value = cutText(redact(bounded.text), VALUE_MAX_CHARS);
    cut ||= key.cut || bounded.cut || value.cut;
    entries.push(redactKey(key.text), value.text);
  }
  return { entries, cut };
}
