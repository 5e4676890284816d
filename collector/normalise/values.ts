/** Attribute values as the types that fields want. Emitters write numbers as strings, ints for doubles, NaN: absent is null. */
import type { AttributeValue } from '../otlp/span.ts';
import { KeyValueList } from '../otlp/span.ts';

/** Takes half the time of String(). */
export function numberText(value: number): string {
  return `${value}`;
}

export function asText(value: AttributeValue): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return JSON.stringify(toJson(value));
}

/** A finite number, or null. */
export function asNumber(value: AttributeValue): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' && value.trim() !== '') {
    const number = Number(value);
    return Number.isFinite(number) ? number : null;
  }
  return null;
}

const UINT32_MAX = 0xffff_ffff;

/** A whole number that a UInt32 holds, or null: negative, fractional and absurd counts are no counts. */
export function asCount(value: AttributeValue): number | null {
  const number = asNumber(value);
  return number !== null && Number.isInteger(number) && number >= 0 && number <= UINT32_MAX ? number : null;
}

export function asBoolean(value: AttributeValue): boolean {
  return value === true || value === 1 || (typeof value === 'string' && /^(true|1)$/i.test(value));
}

/** A list of texts from a list, a JSON list, or one text (comma-joined lists are split). */
export function asTextList(value: AttributeValue): string[] {
  if (Array.isArray(value)) return value.map(asText).filter((text) => text !== '');
  if (typeof value !== 'string' || value === '') return [];
  if (value.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(value);
      if (Array.isArray(parsed)) return parsed.filter((item) => item !== null && item !== '').map(String);
    } catch {
      // Not JSON after all: taken as it stands.
    }
  }
  return value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** Plain JSON of a structured value. Maps become lists of entries' objects without a prototype, so no key can do harm. */
export function toJson(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof KeyValueList) {
    const object: Record<string, unknown> = Object.create(null);
    for (let i = 0; i < value.keys.length; i++) object[value.keys[i]!] = toJson(value.values[i]!);
    return object;
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toJson);
  return value;
}

const HEX_SHA256 = /^[0-9a-f]{64}$/i;

/** The 32 bytes of a SHA-256 in hex, or null. */
export function asSha256(value: AttributeValue): Uint8Array | null {
  return typeof value === 'string' && HEX_SHA256.test(value) ? Buffer.from(value, 'hex') : null;
}
