/** Turns the dialects' tables into what is looked up span by span: one map of keys for each dialect. */
import {
  CANONICAL_FIELDS,
  type CanonicalField,
  CONTENT_FIELDS,
  type ContentField,
  type Dialect,
  type Source,
  type Unit,
} from '../dialects/dialect.ts';
import type { Attributes, Scope } from '../otlp/span.ts';
import { begins } from './flattened.ts';

/** Position of each field in arrays of fields. */
export const position = Object.fromEntries(CANONICAL_FIELDS.map((field, index) => [field, index])) as Record<
  CanonicalField,
  number
>;

export interface Target {
  field: number;
  /** 0 is the preferred source of the field. */
  rank: number;
  unit: Unit;
  /** Members of the JSON that the attribute holds; undefined for the attribute itself. */
  path: readonly string[] | undefined;
  /** The attribute's prefix, when it is one of many that spread a content. */
  flattened: string | undefined;
}

const RANK_MAX = 254;
/** Keys come from outside: what is remembered of them is forgotten when there are too many. */
const REMEMBERED_KEYS_MAX = 10_000;

export class CompiledDialect {
  readonly dialect: Dialect;
  readonly #exact = new Map<string, Target[]>();
  readonly #prefixes: { prefix: string; targets: Target[] }[] = [];
  /** Null: no field takes it. */
  readonly #remembered = new Map<string, readonly Target[] | null>();

  /** `all` are the dialects whose content is recognised on this one's spans too. */
  constructor(dialect: Dialect, all: readonly Dialect[]) {
    this.dialect = dialect;
    for (const field of CANONICAL_FIELDS) this.#add(field, dialect);
    for (const other of all) for (const field of CONTENT_FIELDS) this.#addContent(field, other);
  }

  /** The fields that an attribute feeds; null if none. */
  targetsOf(key: string): readonly Target[] | null {
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const found =
      this.#exact.get(key) ?? this.#prefixes.find(({ prefix }) => begins(key, prefix))?.targets ?? null;
    if (this.#remembered.size >= REMEMBERED_KEYS_MAX) this.#remembered.clear();
    this.#remembered.set(key, found);
    return found;
  }

  #add(field: CanonicalField, { fields, flattened }: Dialect): void {
    const sources: Source[] = (fields[field] ?? []).map((one) =>
      typeof one === 'string' ? { key: one } : one,
    );
    sources.forEach(({ key, path, unit = 's' }, rank) => {
      const target = { field: position[field], rank, unit, path: path?.split('.'), flattened: undefined };
      const targets = this.#exact.get(key) ?? [];
      if (!targets.some((one) => one.field === target.field && one.path?.join('.') === path)) {
        this.#exact.set(key, [...targets, target]);
      }
    });
    for (const prefix of flattened?.[field as ContentField] ?? []) this.#addPrefix(prefix, field, 0);
  }

  #addContent(field: ContentField, { fields, flattened }: Dialect): void {
    for (const one of fields[field] ?? []) {
      const key = typeof one === 'string' ? one : one.key;
      if (this.#exact.get(key)?.some((target) => target.path === undefined)) continue;
      const target = {
        field: position[field],
        rank: RANK_MAX,
        unit: 's' as const,
        path: undefined,
        flattened: undefined,
      };
      this.#exact.set(key, [...(this.#exact.get(key) ?? []), target]);
    }
    for (const prefix of flattened?.[field] ?? []) this.#addPrefix(prefix, field, RANK_MAX);
  }

  #addPrefix(prefix: string, field: CanonicalField, rank: number): void {
    if (this.#prefixes.some((known) => known.prefix === prefix)) return;
    const target: Target = { field: position[field], rank, unit: 's', path: undefined, flattened: prefix };
    this.#prefixes.push({ prefix, targets: [target] });
  }
}

/** The dialects in the order in which they are tried. */
export class CompiledDialects {
  readonly #compiled: readonly CompiledDialect[];
  readonly #byKey = new Map<string, number>();
  readonly #byScope = new Map<string, number>();

  constructor(dialects: readonly Dialect[]) {
    this.#compiled = dialects.map((dialect) => new CompiledDialect(dialect, dialects));
    dialects.forEach(({ fingerprint }, index) => {
      for (const key of fingerprint) if (!this.#byKey.has(key)) this.#byKey.set(key, index);
    });
  }

  /** The first dialect whose scope or fingerprint the span shows; undefined if it speaks none. */
  of(scope: Scope, attributes: Attributes): CompiledDialect | undefined {
    let first = this.#ofScope(scope.name);
    const { keys } = attributes;
    for (let i = 0; i < keys.length && first > 0; i++) {
      const found = this.#byKey.get(keys[i]!);
      if (found !== undefined && found < first) first = found;
    }
    return this.#compiled[first];
  }

  #ofScope(name: string): number {
    const known = this.#byScope.get(name);
    if (known !== undefined) return known;
    const found = this.#compiled.findIndex(({ dialect }) => dialect.scope?.test(name));
    const index = found < 0 ? this.#compiled.length : found;
    if (this.#byScope.size >= REMEMBERED_KEYS_MAX) this.#byScope.clear();
    this.#byScope.set(name, index);
    return index;
  }
}
