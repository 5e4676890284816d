/** A bounded reader of the protobuf wire format over one request body. */
import { type Words, wordsOf } from './intern-table.ts';
import { ITEM_COST, OBJECT_COST } from './object-cost.ts';
import { DECODE_LIMITS, type DecodeLimits, MalformedBodyError } from './span.ts';

const TWO_32 = 4_294_967_296;
const MAX_TAG = 0xffff_ffff;
const MAX_VARINT_BYTES = 10;
const MAX_GROUP_NESTING = 64;
const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_LENGTH = 2;
const WIRE_GROUP = 3;
const WIRE_GROUP_END = 4;
const WIRE_FIXED32 = 5;

/**
 * Every method takes `end`, the offset at which the enclosing message stops, and never reads past it.
 * Whatever is not protobuf throws MalformedBodyError with the byte's offset and what was expected there.
 */
export class ProtobufReader {
  /** The body. */
  readonly source: Words;
  /** The same; a Buffer whatever came in, so that element access stays monomorphic. */
  readonly bytes: Buffer;
  /** Their memory, since asking a Buffer for it costs more than all the rest of making a view. */
  private readonly memory: ArrayBufferLike;
  private readonly offset: number;
  readonly limits: DecodeLimits;
  pos = 0;
  /** Halves of the last 64-bit number read, both unsigned. */
  lo = 0;
  hi = 0;
  /** Something was cut at a limit since this was last cleared; the message decoders keep it. */
  cut = false;
  private spent = 0;

  constructor(body: Uint8Array, limits: DecodeLimits = DECODE_LIMITS) {
    this.source = wordsOf(body);
    this.bytes = this.source.bytes;
    this.memory = body.buffer;
    this.offset = body.byteOffset;
    this.limits = limits;
  }

  /** Offset after the body. */
  get length(): number {
    return this.bytes.length;
  }

  /** Field number and wire type as one number: `field * 8 + wire type`. */
  tag(end: number): number {
    const at = this.pos;
    const tag = this.varint(end);
    if (tag < 8 || tag > MAX_TAG) this.fail(at, `expected a field tag, found ${tag}`);
    return tag;
  }

  /** An unsigned varint; exact up to 2^53, rounded above (use `int64` for values that may be larger). */
  varint(end: number): number {
    const at = this.pos;
    if (at < end) {
      const first = this.bytes[at]!;
      if (first < 0x80) {
        this.pos = at + 1;
        return first;
      }
      if (at + 1 < end) {
        const second = this.bytes[at + 1]!;
        if (second < 0x80) {
          this.pos = at + 2;
          return (first & 0x7f) | (second << 7);
        }
      }
    }
    this.varintHalves(end);
    return this.hi * TWO_32 + this.lo;
  }

  /** A signed 64-bit varint; bigint beyond 2^53. */
  int64(end: number): number | bigint {
    const at = this.pos;
    const { bytes } = this;
    // Most numbers take up to three bytes.
    if (end - at >= 3) {
      const first = bytes[at]!;
      const second = bytes[at + 1]!;
      const third = bytes[at + 2]!;
      if (first < 0x80) {
        this.pos = at + 1;
        return first;
      }
      if (second < 0x80) {
        this.pos = at + 2;
        return (first & 0x7f) | (second << 7);
      }
      if (third < 0x80) {
        this.pos = at + 3;
        return (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
      }
    }
    this.varintHalves(end);
    const high = this.hi | 0;
    const value = high * TWO_32 + this.lo;
    if (Number.isSafeInteger(value)) return value;
    return (BigInt(high) << 32n) | BigInt(this.lo);
  }

  /** An enum or other small number: 0 unless it lies between 0 and `max`. */
  small(end: number, max: number): number {
    const value = this.varint(end);
    return value <= max ? value : 0;
  }

  /** Reads 8 bytes into `lo` and `hi`. */
  fixed64(end: number): void {
    const at = this.advance(8, end);
    const { words } = this.source;
    this.lo = words.getUint32(at, true);
    this.hi = words.getUint32(at + 4, true);
  }

  double(end: number): number {
    return this.source.words.getFloat64(this.advance(8, end), true);
  }

  /** Reads a length and returns the offset at which that field ends; `pos` is its first byte. */
  lengthEnd(end: number): number {
    const at = this.pos;
    const length = this.varint(end);
    const fieldEnd = this.pos + length;
    if (fieldEnd > end) {
      this.fail(at, `a length of ${length} bytes, but its message has ${end - this.pos} left`);
    }
    return fieldEnd;
  }

  /** A length-delimited field as a view into the body. */
  view(end: number): Uint8Array {
    const fieldEnd = this.lengthEnd(end);
    const start = this.pos;
    this.pos = fieldEnd;
    return new Uint8Array(this.memory, this.offset + start, fieldEnd - start);
  }

  /** Passes over a field whose tag has been read. */
  skip(tag: number, end: number): void {
    const wireType = tag & 7;
    if (wireType === WIRE_GROUP) this.skipGroup(tag, end);
    else this.skipScalar(tag, end);
  }

  /** Counts an object made of the body, so that a few bytes each cannot fill the memory. */
  countObject(): void {
    this.spend(OBJECT_COST);
  }

  /** Counts a value in a list or map. */
  countItem(): void {
    this.spend(ITEM_COST);
  }

  /** Throws the one error of this reader; `at` is an offset in the body. */
  fail(at: number, what: string): never {
    const first = this.bytes[0];
    let hint = '';
    if (first === 0x7b) hint = ' (the body looks like JSON)';
    if (first === 0x1f && this.bytes[1] === 0x8b) hint = ' (the body looks like gzip)';
    throw new MalformedBodyError(`protobuf, byte ${at} of ${this.length}: ${what}${hint}`);
  }

  private spend(cost: number): void {
    this.spent += cost;
    const most = this.limits.objects_per_request;
    if (this.spent > most * OBJECT_COST) {
      this.fail(this.pos, `more than ${most} spans, events, lists and maps`);
    }
  }

  private skipScalar(tag: number, end: number): void {
    switch (tag & 7) {
      case WIRE_VARINT:
        this.varint(end);
        return;
      case WIRE_FIXED64:
        this.advance(8, end);
        return;
      case WIRE_LENGTH:
        this.pos = this.lengthEnd(end);
        return;
      case WIRE_FIXED32:
        this.advance(4, end);
        return;
      case WIRE_GROUP_END:
        this.fail(this.pos, `the end of group ${tag >>> 3} without its start`);
        break;
      default:
        this.fail(this.pos, `expected a wire type from 0 to 5 for field ${tag >>> 3}, found ${tag & 7}`);
    }
  }

  private skipGroup(tag: number, end: number): void {
    const open = [tag >>> 3];
    while (open.length > 0) {
      const at = this.pos;
      const inner = this.tag(end);
      const field = inner >>> 3;
      const wireType = inner & 7;
      if (wireType === WIRE_GROUP) {
        if (open.length === MAX_GROUP_NESTING) this.fail(at, `groups nested over ${MAX_GROUP_NESTING} deep`);
        open.push(field);
      } else if (wireType === WIRE_GROUP_END) {
        const expected = open.pop();
        if (field !== expected)
          this.fail(at, `expected the end of group ${expected}, found that of ${field}`);
      } else {
        this.skipScalar(inner, end);
      }
    }
  }

  private advance(count: number, end: number): number {
    const at = this.pos;
    if (end - at < count) this.fail(at, `expected ${count} bytes, ${end - at} are left`);
    this.pos = at + count;
    return at;
  }

  private varintHalves(end: number): void {
    const bytes = this.bytes;
    const start = this.pos;
    let lo = 0;
    let hi = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      if (start + i >= end) this.fail(start + i, 'expected more bytes of a varint, its message ends');
      const byte = bytes[start + i]!;
      const bits = byte & 0x7f;
      if (i < 4) lo |= bits << (7 * i);
      else if (i > 4) hi |= bits << (7 * i - 32);
      else {
        lo |= bits << 28;
        hi = bits >>> 4;
      }
      if (byte < 0x80) {
        this.lo = lo >>> 0;
        this.hi = hi >>> 0;
        this.pos = start + i + 1;
        return;
      }
    }
    this.fail(start, `expected a varint of at most ${MAX_VARINT_BYTES} bytes`);
  }
}
