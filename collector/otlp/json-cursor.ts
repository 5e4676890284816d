/** Typed access to parsed JSON that knows where it is, so that an error can name the field. */
import { ITEM_COST, OBJECT_COST } from './object-cost.ts';
import { DECODE_LIMITS, type DecodeLimits, MalformedBodyError } from './span.ts';

export type JsonObject = Record<string, unknown>;

const NOTHING: readonly unknown[] = [];
const WHOLE_NUMBER = /^-?\d{1,20}$/;
const DECIMAL = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
/** Digits of text that fit a safe number whatever they are. */
const MAX_PLAIN_DIGITS = 15;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;
const MAX_UINT32 = 0xffff_ffff;

/**
 * Methods take a field's value and its name: reading it there, by a name that varies, would be several times slower.
 * A missing or null field reads as its default. A field of another type throws MalformedBodyError with its path,
 * such as `resourceSpans[0].scopeSpans[2].spans is a string, expected a list`.
 */
export class JsonCursor {
  readonly limits: DecodeLimits;
  /** Something was cut at a limit since this was last cleared; the message decoders keep it. */
  cut = false;
  private readonly path: (string | number)[] = [];
  private spent = 0;

  constructor(limits: DecodeLimits = DECODE_LIMITS) {
    this.limits = limits;
  }

  /** Adds a step to the path of what is read next; `leave` takes it back. */
  enter(segment: string | number): void {
    this.path.push(segment);
  }

  leave(): void {
    this.path.pop();
  }

  /** The value as an object; `undefined` and null count as one without fields. */
  objectOf(value: unknown): JsonObject {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) return this.fail(value, 'an object');
    return value as JsonObject;
  }

  list(field: unknown, name: string): readonly unknown[] {
    const value = field ?? NOTHING;
    return Array.isArray(value) ? value : this.fail(value, 'a list', name);
  }

  /** Lone surrogates become U+FFFD, as they would in UTF-8. */
  text(field: unknown, name: string): string {
    const value = field ?? '';
    return typeof value === 'string' ? value.toWellFormed() : this.fail(value, 'a string', name);
  }

  boolean(field: unknown, name: string): boolean {
    const value = field ?? false;
    return typeof value === 'boolean' ? value : this.fail(value, 'true or false', name);
  }

  /** A signed 64-bit integer, number or text; bigint beyond 2^53. */
  int64(field: unknown, name: string): number | bigint {
    const value = this.integer(field, name, MIN_INT64, MAX_INT64, 'a 64-bit integer');
    return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** Nanoseconds since 1970. */
  nanoseconds(field: unknown, name: string): bigint {
    return BigInt(this.integer(field, name, 0n, MAX_UINT64, 'nanoseconds since 1970'));
  }

  uint32(field: unknown, name: string): number {
    return Number(this.integer(field, name, 0n, BigInt(MAX_UINT32), 'an unsigned 32-bit integer'));
  }

  double(field: unknown, name: string): number {
    const value = field ?? 0;
    if (typeof value === 'number') return value;
    if (value === 'NaN') return Number.NaN;
    if (value === 'Infinity') return Number.POSITIVE_INFINITY;
    if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
    if (typeof value === 'string' && DECIMAL.test(value)) return Number(value);
    return this.fail(value, 'a number', name);
  }

  bytes(field: unknown, name: string): Uint8Array {
    const value = field ?? '';
    if (typeof value !== 'string' || !BASE64.test(value)) return this.fail(value, 'base64', name);
    this.countObject();
    return plainBytes(Buffer.from(value, 'base64'));
  }

  /** A number or one of `names`, whose places are its values; numbers past them read as 0. */
  enumeration(field: unknown, name: string, names: readonly string[]): number {
    const value = field ?? 0;
    const index = typeof value === 'string' ? names.indexOf(value) : value;
    if (typeof index !== 'number' || !Number.isInteger(index) || index === -1) {
      return this.fail(value, `a number or a name such as ${names[1]}`, name);
    }
    return index < names.length && index > 0 ? index : 0;
  }

  /** Counts an object made of the body, so that it cannot fill the memory. */
  countObject(): void {
    this.spend(OBJECT_COST);
  }

  /** Counts a value in a list or map. */
  countItem(): void {
    this.spend(ITEM_COST);
  }

  private spend(cost: number): void {
    this.spent += cost;
    const most = this.limits.objects_per_request;
    if (this.spent > most * OBJECT_COST) {
      throw new MalformedBodyError(`JSON, ${this.where()}: more than ${most} spans, events, lists and maps`);
    }
  }

  private integer(
    field: unknown,
    name: string,
    least: bigint,
    most: bigint,
    expected: string,
  ): number | bigint {
    const integer = wholeNumber(field ?? 0);
    if (integer === undefined) return this.fail(field, expected, name);
    if (integer >= least && integer <= most) return integer;
    // JSON numbers past 2^53 have been rounded, the largest of all to one above the range.
    if (integer === most + 1n && typeof field === 'number') return most;
    return this.fail(field, expected, name);
  }

  private fail(value: unknown, expected: string, name?: string): never {
    throw new MalformedBodyError(`JSON: ${this.where(name)} is ${kindOf(value)}, expected ${expected}`);
  }

  private where(name?: string): string {
    const segments = name === undefined ? this.path : [...this.path, name];
    let text = '';
    for (const segment of segments) {
      if (typeof segment === 'number') text += `[${segment}]`;
      else text += text === '' ? segment : `.${segment}`;
    }
    return text === '' ? 'the body' : text;
  }
}

/** Without Buffer's methods, so that both decoders give the same type. */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** A number, bigint beyond 2^53, of a whole number or its text; zero has no sign. */
function wholeNumber(value: unknown): number | bigint | undefined {
  if (typeof value === 'string') {
    if (!WHOLE_NUMBER.test(value)) return undefined;
    return value.length <= MAX_PLAIN_DIGITS ? Number(value) + 0 : BigInt(value);
  }
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return Number.isSafeInteger(value) ? value + 0 : BigInt(value);
}

/** The type, never the value: it may be a prompt. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'boolean') return 'a boolean';
  return typeof value === 'string' ? 'a string' : 'a number';
}
