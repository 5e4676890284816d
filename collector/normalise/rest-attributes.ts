/** The attributes that no field took: redacted, cut, and bounded in number. */
import type { Attributes, AttributeValue } from '../otlp/span.ts';
import type { Plan } from './compile.ts';
import { cutText, type Redact } from './content.ts';
import { asText, numberText } from './values.ts';

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

/** The value as text where it needs no search: a number that is harmless as it is, a boolean. */
function harmless(value: AttributeValue): string | undefined {
  if (typeof value === 'number' && value < HARMLESS_BELOW && value > -HARMLESS_BELOW)
    return numberText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return undefined;
}

/** The keys as they are shown: one answer for all spans of a shape. */
export interface RestKeys {
  redact: Redact;
  shown: readonly string[];
  cut: boolean;
}

function restKeys({ keys }: Attributes, positions: readonly number[], redact: Redact): RestKeys {
  const kept = positions.slice(0, ATTRIBUTES_MAX).map((position) => keys[position]!);
  return {
    redact,
    shown: kept.map((key) => redact(cutText(key, KEY_MAX_CHARS).text)),
    cut: positions.length > ATTRIBUTES_MAX || kept.some((key) => key.length > KEY_MAX_CHARS),
  };
}

/** Of a key that comes twice the last value stays. */
export function restAttributes(attributes: Attributes, plan: Plan, redact: Redact): RestAttributes {
  if (plan.restKeys?.redact !== redact) plan.restKeys = restKeys(attributes, plan.rest, redact);
  const { shown: keys } = plan.restKeys;
  let { cut } = plan.restKeys;
  const entries: string[] = [];
  for (let i = 0; i < keys.length; i++) {
    const told = attributes.values[plan.rest[i]!]!;
    let value = harmless(told);
    if (value === undefined) {
      value = asText(told);
      // Twice over, so that a secret which the cut would halve is found whole.
      if (value.length > 2 * VALUE_MAX_CHARS) {
        value = cutText(value, 2 * VALUE_MAX_CHARS).text;
        cut = true;
      }
      value = redact(value);
      if (value.length > VALUE_MAX_CHARS) {
        value = cutText(value, VALUE_MAX_CHARS).text;
        cut = true;
      }
    }
    entries.push(keys[i]!, value);
  }
  return { entries, cut };
}
