/** Up to it a loop is faster than a call into the runtime. */
const SHORT = 48;
const TWO_32 = 0x1_0000_0000;

/** A growing byte buffer: the one place that allocates while a block is encoded. */
export class ByteBuffer {
  bytes: Buffer;
  /** Over the same memory as `bytes`: numbers go through it, since it alone compiles to a single store. */
  numbers: DataView;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafe(capacity);
    this.numbers = viewOf(this.bytes);
  }

  /** Makes room for `extra` more bytes. */
  reserve(extra: number): void {
    const needed = this.length + extra;
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** Makes room for `width` bytes, counts them as written and says where they begin. */
  claim(width: number): number {
    const at = this.length;
    this.reserve(width);
    this.length = at + width;
    return at;
  }

  byte(value: number): void {
    const at = this.claim(1);
    this.bytes[at] = value;
  }

  /** Unsigned LEB128, for values up to 2^53. */
  varint(value: number): void {
    this.reserve(8);
    while (value >= 0x80) {
      this.bytes[this.length++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.bytes[this.length++] = value;
  }

  raw(bytes: Uint8Array): void {
    const at = this.claim(bytes.length);
    this.bytes.set(bytes, at);
  }

  uint64(value: number): void {
    const at = this.claim(8);
    const high = Math.floor(value / TWO_32);
    this.numbers.setUint32(at, value - high * TWO_32, true);
    this.numbers.setUint32(at + 4, high, true);
  }

  /** `count` times the same byte. */
  fill(value: number, count: number): void {
    const at = this.claim(count);
    if (count > SHORT) this.bytes.fill(value, at, at + count);
    else for (let i = at; i < at + count; i++) this.bytes[i] = value;
  }

  /** A length-prefixed UTF-8 string, as ClickHouse's String. */
  string(text: string): void {
    const { length } = text;
    // A UTF-16 unit takes at most three bytes of UTF-8.
    this.reserve(length * 3 + 8);
    if (length <= SHORT && this.#shortAscii(text)) return;
    const byteLength = Buffer.byteLength(text, 'utf8');
    this.varint(byteLength);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  /** What was written; valid until the next write. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Writes `text` if it is ASCII; says whether it was. */
  #shortAscii(text: string): boolean {
    const { bytes } = this;
    const start = this.length + 1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      bytes[start + i] = code;
    }
    bytes[start - 1] = text.length;
    this.length = start + text.length;
    return true;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.numbers = viewOf(grown);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
