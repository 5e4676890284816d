/**
 * Shapes of attribute lists: the same keys in the same order, as the spans of one line of code have them. What follows
 * from the keys alone is worked out once for a shape, and finding a list's shape costs one comparison for each key.
 */

/**
 * Keys come from outside: what is remembered of them is forgotten when there is too much of it. A fact holds its list's
 * keys, those that it shares with other lists too, so it is counted by them: by their number alone twenty thousand lists
 * of long keys held a gigabyte.
 */
const REMEMBERED_MAX_BYTES = 64 * 1024 * 1024;
const SHAPE_BYTES = 128;
const FACT_BYTES = 1_024;
const KEY_BYTES = 48;
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
  #bytes = 0;

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
    if (shape.fact === undefined) {
      this.#spend(keys.reduce((bytes, key) => bytes + KEY_BYTES + key.length, FACT_BYTES));
      shape.fact = this.#factOf(keys);
    }
    return shape.fact;
  }

  #add(shape: Shape<Fact>, key: string): Shape<Fact> {
    this.#spend(SHAPE_BYTES + key.length);
    return shape.add(key);
  }

  /** A shape that is under way when all are forgotten is no longer reached from the root: it ends with its list. */
  #spend(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= REMEMBERED_MAX_BYTES) return;
    this.#root = new Shape(0);
    this.#bytes = 0;
  }
}
