/** Members of JSON that an attribute holds as text, or as a structured value. */
import type { AttributeValue } from '../otlp/span.ts';
import { KeyValueList } from '../otlp/span.ts';
import { toJson } from './values.ts';

/** Longer texts are content, not figures, and are not parsed for one. */
const TEXT_MAX_CHARS = 64 * 1024;

export class JsonMembers {
  #text: AttributeValue = null;
  #parsed: unknown;

  forget(): void {
    this.#text = null;
    this.#parsed = undefined;
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
    if (value === this.#text) return this.#parsed;
    this.#text = value;
    this.#parsed = undefined;
    if (value instanceof KeyValueList) this.#parsed = toJson(value);
    else if (typeof value === 'string' && value.length <= TEXT_MAX_CHARS && /^\s*\{/.test(value)) {
      try {
        this.#parsed = JSON.parse(value);
      } catch {
        // Not JSON after all: it has no members.
      }
    }
    return this.#parsed;
  }
}
