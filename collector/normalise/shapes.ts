/**
 * Shapes of attribute lists: the same keys in the same order, as the spans of one line of code have them. What follows
 * from the keys alone is worked out once for a shape, and finding a list's shape costs one comparison for each key.
 */

/** Keys come from outside: what is remembered of them is forgotten when there is too much of it. */
const SHAPES_MAX = 20_000;
/** Longer keys and lists are no emitter's habit; their shapes are made and not remembered. */
const KEY_MAX_CHARS = 256;
const KEYS_MAX = 256;

/** A list of keys, reached from the list without its last key. */
class Shape<Fact> {
  fact: Fact | undefined = undefined;
  readonly depth: number;
  /** The key that followed last, and where it led: most often it is the only one. */
  #key = '';
  #next: Shape<Fact> | undefined;
  #others: Map<string, Shape<Fact>> | undefined;

  constructor(depth: number) {
    this.depth = depth;
  }

  /** The shape with one key more, if it is known. */
  known(key: string): Shape<Fact> | undefined {
    if (this.#key === key && this.#next !== undefined) return this.#next;
    const found = this.#others?.get(key);
    if (found !== undefined) this.#remember(key, found);
    return found;
  }

  add(key: string): Shape<Fact> {
    const made = new Shape<Fact>(this.depth + 1);
    if (key.length <= KEY_MAX_CHARS && made.depth <= KEYS_MAX) this.#remember(key, made);
    return made;
  }

  #remember(key: string, next: Shape<Fact>): void {
    if (this.#next !== undefined) {
      this.#others ??= new Map();
      this.#others.set(this.#key, this.#next);
    }
    this.#key = key;
    this.#next = next;
  }
}

/** What is known of shapes. */
export class Shapes<Fact> {
  readonly #factOf: (keys: readonly string[]) => Fact;
  #root = new Shape<Fact>(0);
  #count = 0;

  /** `factOf` is asked once for each shape that is remembered. */
  constructor(factOf: (keys: readonly string[]) => Fact) {
    this.#factOf = factOf;
  }

  of(keys: readonly string[]): Fact {
    let shape = this.#root;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      shape = shape.known(key) ?? this.#add(shape, key);
    }
    shape.fact ??= this.#factOf(keys);
    return shape.fact;
  }

  #add(shape: Shape<Fact>, key: string): Shape<Fact> {
    if (++this.#count > SHAPES_MAX) {
      // The shape under way is no longer reached from the root: it ends with this list.
      this.#root = new Shape(0);
      this.#count = 0;
    }
    return shape.add(key);
  }
}
