/** Sorts a span's attributes into the canonical fields of its dialect, in one pass over them. */
import { CANONICAL_FIELDS, type CanonicalField, type Dialect } from '../dialects/dialect.ts';
import type { Attributes, AttributeValue } from '../otlp/span.ts';

/** Position of each field in the arrays below. */
const position = Object.fromEntries(CANONICAL_FIELDS.map((field, index) => [field, index])) as Record<
  CanonicalField,
  number
>;

interface Target {
  field: number;
  /** 0 is the preferred attribute of the field. */
  rank: number;
}

export interface CompiledDialect {
  dialect: Dialect;
  targets: Map<string, Target>;
  fingerprint: Set<string>;
}

export function compileDialect(dialect: Dialect): CompiledDialect {
  const targets = new Map<string, Target>();
  for (const [field, keys] of Object.entries(dialect.fields) as [CanonicalField, readonly string[]][]) {
    keys.forEach((key, rank) => {
      targets.set(key, { field: position[field], rank });
    });
  }
  return { dialect, targets, fingerprint: new Set(dialect.fingerprint) };
}

export function speaks(compiled: CompiledDialect, attributes: Attributes): boolean {
  const { keys } = attributes;
  for (let i = 0; i < keys.length; i++) if (compiled.fingerprint.has(keys[i]!)) return true;
  return false;
}

/** The fields found on a span, and the positions of the attributes that no field took. */
export class Gathered {
  readonly #values: AttributeValue[] = new Array(CANONICAL_FIELDS.length).fill(null);
  readonly #ranks = new Uint8Array(CANONICAL_FIELDS.length);
  readonly rest: number[] = [];

  /** Forgets the last span: one object serves all, since normalisation never waits. */
  fill(compiled: CompiledDialect, attributes: Attributes): void {
    this.#values.fill(null);
    this.#ranks.fill(255);
    this.rest.length = 0;
    const { keys, values } = attributes;
    for (let i = 0; i < keys.length; i++) {
      const target = compiled.targets.get(keys[i]!);
      if (target === undefined) {
        this.rest.push(i);
        continue;
      }
      const value = values[i]!;
      if (value === null || value === undefined) continue;
      if (target.rank <= this.#ranks[target.field]!) {
        this.#values[target.field] = value;
        this.#ranks[target.field] = target.rank;
      }
    }
  }

  get(field: CanonicalField): AttributeValue {
    return this.#values[position[field]]!;
  }
}
