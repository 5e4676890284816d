/** Members of JSON that an attribute holds as text, or as a structured value. */
import type { AttributeValue } from '../otlp/span.ts';
import { KeyValueList } from '../otlp/span.ts';
import { toJson } from './values.ts';

/** Longer texts are content, not figures, and are not parsed for one. */
const TEXT_MAX_CHARS = 64 * 1024;

export class JsonMembers {
  readonly #parsed = new Map<AttributeValue, unknown>();

  forget(): void {
    if (this.#parsed.size > 0) this.#parsed.clear();
  }

  /** Null when there is no such member. Lists and objects come as JSON text. */
  member(value: AttributeValue, path: readonly string[]): AttributeValue {
    let found = this.#parse(value);
    for (const name of path) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return null;
      found = (found as Record<string, unknown>)[name];
    }
    if (typeof found === 'object' && found !== null) return JSON.stringify(found);
    return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean'
      ? found
      : null;
  }

  /** One attribute feeds several fields: parsed once. */
  #parse(value: AttributeValue): unknown {
    if (this.#parsed.has(value)) return this.#parsed.get(value);
    const parsed = parse(value);
    this.#parsed.set(value, parsed);
    return parsed;
  }
}

function parse(value: AttributeValue): unknown {
  if (value instanceof KeyValueList) return toJson(value);
  if (typeof value !== 'string' || value.length > TEXT_MAX_CHARS || !/^\s*\{/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    // Not JSON after all: it has no members.
    return undefined;
  }
}
