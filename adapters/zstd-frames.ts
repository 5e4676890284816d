/** Whether a body is whole zstd frames, by their structure alone: nothing is decompressed (RFC 8878). */

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const BLOCK_HEADER_BYTES = 3;
const RLE = 1;
const RESERVED = 3;

/** Bytes of a frame's header from its descriptor on, and of the checksum behind its blocks. */
function frameShape(descriptor: number): { header_bytes: number; checksum_bytes: number } {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const size_bytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionary_bytes = [0, 1, 2, 4][descriptor & 3]!;
  return {
    header_bytes: 1 + (isSingleSegment ? 0 : 1) + dictionary_bytes + size_bytes,
    checksum_bytes: (descriptor & 4) === 0 ? 0 : 4,
  };
}

/** Where the frame that begins at `start` ends; undefined if it is none, or cut. */
function frameEnd(body: Buffer, start: number): number | undefined {
  if (start + 8 > body.length) return undefined;
  const magic = body.readUInt32LE(start);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) return start + 8 + body.readUInt32LE(start + 4);
  if (magic !== MAGIC) return undefined;
  const { header_bytes, checksum_bytes } = frameShape(body[start + 4]!);
  let at = start + 4 + header_bytes;
  for (let isLast = false; !isLast; ) {
    if (at + BLOCK_HEADER_BYTES > body.length) return undefined;
    const header = body.readUIntLE(at, BLOCK_HEADER_BYTES);
    isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    if (type === RESERVED) return undefined;
    at += BLOCK_HEADER_BYTES + (type === RLE ? 1 : header >> 3);
  }
  return at + checksum_bytes;
}

/** Every frame is there to its end, and nothing else. */
export function isWholeZstd(body: Buffer): boolean {
  for (let at = 0; at < body.length; ) {
    const end = frameEnd(body, at);
    if (end === undefined || end > body.length) return false;
    at = end;
  }
  return body.length > 0;
}
