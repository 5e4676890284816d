/** Turns the dialects' tables into what is looked up span by span: for each shape of attributes, where each field lies. */
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
import { remembering } from './remembered.ts';
import type { RestKeys } from './rest-attributes.ts';
import { Shapes } from './shapes.ts';

/** Position of each field in arrays of fields. */
export const position = Object.fromEntries(CANONICAL_FIELDS.map((field, index) => [field, index])) as Record<
  CanonicalField,
  number
>;

interface Target {
  field: number;
  /** 0 is the preferred source of the field. */
  rank: number;
  unit: Unit;
  /** Members of the JSON that the attribute holds; undefined for the attribute itself. */
  path: readonly string[] | undefined;
  /** The attribute's prefix, when it is one of many that spread a content. */
  flattened: string | undefined;
}

/** An attribute of a shape that may hold a field. */
export interface Place extends Target {
  attribute: number;
}

/** What a dialect makes of the attributes of a shape. Attributes are named by their index. */
export interface Plan {
  dialect: Dialect;
  /** By field: where it may be, the place to be asked first coming first. */
  places: readonly (readonly Place[])[];
  /** Attributes that no field takes. */
  rest: readonly number[];
  /** Their keys as they are stored; made with the first span. */
  restKeys: RestKeys | undefined;
  keys: ReadonlySet<string>;
}

const RANK_MAX = 254;

class CompiledDialect {
  readonly dialect: Dialect;
  readonly #exact = new Map<string, Target[]>();
  readonly #prefixes: { prefix: string; targets: Target[] }[] = [];

  /** `all` are the dialects whose content is recognised on this one's spans too. */
  constructor(dialect: Dialect, all: readonly Dialect[]) {
    this.dialect = dialect;
    for (const field of CANONICAL_FIELDS) this.#add(field, dialect);
    for (const other of all) for (const field of CONTENT_FIELDS) this.#addContent(field, other);
  }

  planOf(keys: readonly string[]): Plan {
    const places: Place[][] = CANONICAL_FIELDS.map(() => []);
    const rest: number[] = [];
    keys.forEach((key, attribute) => {
      const targets = this.#targetsOf(key);
      if (targets === undefined) rest.push(attribute);
      else for (const target of targets) places[target.field]!.push({ ...target, attribute });
    });
    // Of a key that comes twice the last value counts.
    for (const ofField of places) ofField.sort((a, b) => a.rank - b.rank || b.attribute - a.attribute);
    return { dialect: this.dialect, places, rest, restKeys: undefined, keys: new Set(keys) };
  }

  /** The fields that an attribute feeds, if any. */
  #targetsOf(key: string): readonly Target[] | undefined {
    return this.#exact.get(key) ?? this.#prefixes.find(({ prefix }) => begins(key, prefix))?.targets;
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

/** What a shape of attributes tells, whatever the scope. */
interface ShapeFact {
  /** The first dialect of which it shows a fingerprint; their number if none. */
  first: number;
  /** Plans by dialect, made when first wanted. */
  plans: (Plan | undefined)[];
}

/** The dialects in the order in which they are tried. */
export class CompiledDialects {
  readonly #compiled: readonly CompiledDialect[];
  readonly #shapes: Shapes<ShapeFact>;
  /** The first dialect whose spans come from such a scope; their number if none. */
  readonly #ofScope: (name: string) => number;

  constructor(dialects: readonly Dialect[]) {
    const none = dialects.length;
    this.#compiled = dialects.map((dialect) => new CompiledDialect(dialect, dialects));
    const byKey = new Map<string, number>();
    dialects.forEach(({ fingerprint }, index) => {
      for (const key of fingerprint) if (!byKey.has(key)) byKey.set(key, index);
    });
    this.#shapes = new Shapes((keys) => ({
      first: keys.reduce((first, key) => Math.min(first, byKey.get(key) ?? none), none),
      plans: new Array(none).fill(undefined),
    }));
    this.#ofScope = remembering((name) => {
      const found = dialects.findIndex(({ scope }) => scope?.test(name));
      return found < 0 ? none : found;
    });
  }

  /** By the first dialect whose scope or fingerprint the span shows; undefined if it speaks none. */
  planOf(scope: Scope, { keys }: Attributes): Plan | undefined {
    const shape = this.#shapes.of(keys);
    const first = Math.min(this.#ofScope(scope.name), shape.first);
    const compiled = this.#compiled[first];
    if (compiled === undefined) return undefined;
    let plan = shape.plans[first];
    if (plan === undefined) {
      plan = compiled.planOf(keys);
      shape.plans[first] = plan;
    }
    return plan;
  }
}
