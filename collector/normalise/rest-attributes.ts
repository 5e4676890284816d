/** The attributes that no field took: redacted, cut, and bounded in number. */
import type { Attributes, AttributeValue } from '../otlp/span.ts';
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

/** A smaller number is no card, no telephone number and no other secret. */
const HARMLESS_BELOW = 1_000_000;

/** The value as text, redacted; a number that is harmless as it is spares the search. */
function shown(value: AttributeValue, redact: Redact): string {
  if (typeof value === 'number' && value < HARMLESS_BELOW && value > -HARMLESS_BELOW) return String(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  const text = asText(value);
  return redact(text.length > 2 * VALUE_MAX_CHARS ? cutText(text, 2 * VALUE_MAX_CHARS).text : text);
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
    let key = attributes.keys[position]!;
    let value = shown(attributes.values[position]!, redact);
    if (key.length > KEY_MAX_CHARS || value.length > VALUE_MAX_CHARS) {
      key = cutText(key, KEY_MAX_CHARS).text;
      value = cutText(value, VALUE_MAX_CHARS).text;
      cut = true;
    }
    entries.push(redactKey(key), value);
  }
  return { entries, cut };
}
