/** A span's attributes as the canonical fields of its dialect. */
import type { Unit } from '../dialects/dialect.ts';
import { type Attributes, type AttributeValue, KeyValueList } from '../otlp/span.ts';
import type { Place, Plan } from './compile.ts';
import { nested } from './flattened.ts';
import { JsonMembers } from './json-members.ts';

const NO_PLAN: Plan = {
  dialect: { name: '', fingerprint: [], fields: {} },
  places: [],
  rest: [],
  restKeys: undefined,
  keys: new Set(),
};

/** The span under way: one object serves all, since normalisation never waits. Fields are named by their `position`. */
export class Gathered {
  readonly #json = new JsonMembers();
  #plan = NO_PLAN;
  #attributes: Attributes = new KeyValueList();

  fill(plan: Plan, attributes: Attributes): void {
    this.#plan = plan;
    this.#attributes = attributes;
    this.#json.forget();
  }

  get(field: number): AttributeValue {
    const places = this.#plan.places[field]!;
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      const value = this.#at(place);
      if (isAbsent(value)) continue;
      return place.flattened === undefined ? value : nested(this.#attributes, place.flattened);
    }
    return null;
  }

  /** The unit in which `get` gives a time. */
  unitOf(field: number): Unit {
    const place = this.#plan.places[field]!.find((one) => !isAbsent(this.#at(one)));
    return place?.unit ?? 's';
  }

  has(key: string): boolean {
    return this.#plan.keys.has(key);
  }

  #at({ attribute, path }: Place): AttributeValue {
    const value = this.#attributes.values[attribute] ?? null;
    return path === undefined ? value : this.#json.member(value, path);
  }
}

/** An empty text is as good as absent, so that the next place is asked. */
function isAbsent(value: AttributeValue): boolean {
  return value === null || value === '';
}
