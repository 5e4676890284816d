/** Below it a loop is faster than a call into the runtime. */
const SHORT_CHARS = 24;

/** A growing byte buffer: the one place that allocates while a block is encoded. */
export class ByteBuffer {
  bytes: Buffer;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }

  /** Makes room for `extra` more bytes. */
  reserve(extra: number): void {
    const needed = this.length + extra;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
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
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  uint64(value: number): void {
    this.reserve(8);
    this.bytes.writeUInt32LE(value % 0x1_0000_0000, this.length);
    this.bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), this.length + 4);
    this.length += 8;
  }

  /** A length-prefixed UTF-8 string, as ClickHouse's String. */
  string(text: string): void {
    const { length } = text;
    if (length === 0) {
      this.byte(0);
      return;
    }
    // A UTF-16 unit takes at most three bytes of UTF-8; short text leaves its length in one byte.
    this.reserve(length * 3 + 8);
    if (length < SHORT_CHARS && this.#shortAscii(text)) return;
    if (length < 42) {
      const written = this.bytes.write(text, this.length + 1, 'utf8');
      this.bytes[this.length] = written;
      this.length += written + 1;
      return;
    }
    const byteLength = Buffer.byteLength(text, 'utf8');
    this.varint(byteLength);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  /** Writes `text` if it is ASCII; says whether it was. */
  #shortAscii(text: string): boolean {
    const { bytes, length } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      bytes[length + 1 + i] = code;
    }
    bytes[length] = text.length;
    this.length = length + 1 + text.length;
    return true;
  }

  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}
