/** Sorts a span's attributes into the canonical fields of its dialect, in one pass over them. */
import { CANONICAL_FIELDS, type CanonicalField, type Unit } from '../dialects/dialect.ts';
import type { Attributes, AttributeValue } from '../otlp/span.ts';
import { type CompiledDialect, position, type Target } from './compile.ts';
import { nested } from './flattened.ts';
import { JsonMembers } from './json-members.ts';

const NO_RANK = 255;

/** The fields found on a span, and the positions of the attributes that no field took. */
export class Gathered {
  readonly #values: AttributeValue[] = new Array(CANONICAL_FIELDS.length).fill(null);
  readonly #ranks = new Uint8Array(CANONICAL_FIELDS.length);
  readonly #targets: (Target | undefined)[] = new Array(CANONICAL_FIELDS.length).fill(undefined);
  readonly #json = new JsonMembers();
  #attributes: Attributes | undefined;
  readonly rest: number[] = [];

  /** Forgets the last span: one object serves all, since normalisation never waits. */
  fill(compiled: CompiledDialect, attributes: Attributes): void {
    this.#values.fill(null);
    this.#ranks.fill(NO_RANK);
    this.#targets.fill(undefined);
    this.#json.forget();
    this.#attributes = attributes;
    this.rest.length = 0;
    const { keys, values } = attributes;
    for (let i = 0; i < keys.length; i++) {
      const targets = compiled.targetsOf(keys[i]!);
      if (targets === null) this.rest.push(i);
      else for (const target of targets) this.#offer(target, values[i] ?? null);
    }
  }

  /** An empty text is as good as absent, so that the next source is asked. */
  #offer(target: Target, offered: AttributeValue): void {
    if (target.rank > this.#ranks[target.field]!) return;
    const value = target.path === undefined ? offered : this.#json.member(offered, target.path);
    if (value === null || value === '') return;
    this.#values[target.field] = value;
    this.#ranks[target.field] = target.rank;
    this.#targets[target.field] = target;
  }

  get(field: CanonicalField): AttributeValue {
    const at = position[field];
    const value = this.#values[at]!;
    if (value === null) return null;
    const flattened = this.#targets[at]!.flattened;
    return flattened === undefined ? value : nested(this.#attributes!, flattened);
  }

  unitOf(field: CanonicalField): Unit {
    return this.#targets[position[field]]?.unit ?? 's';
  }

  has(key: string): boolean {
    return this.#attributes?.keys.includes(key) === true;
  }
}
