/** Messages that ClickHouse can never store, one of each kind that was tried against it. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ByteBuffer } from '../../schemas/native/byte-buffer.ts';
import type { CallBlock } from '../../schemas/seams.ts';

/** One column of a Native block, with however many rows it claims to have. */
function native(rows: number, name: string, type: string, data: Buffer): Buffer {
  const out = new ByteBuffer();
  out.varint(1);
  out.varint(rows);
  out.string(name);
  out.string(type);
  out.raw(data);
  return zstdCompressSync(out.view());
}

/** The number of keys of the first LowCardinality column raised to 2^40: asks for 16 TiB. */
function greedy(body: Buffer): Buffer {
  const raw = zstdDecompressSync(body);
  const type = 'LowCardinality(String)';
  const keys_at = raw.indexOf(type) + type.length + 16;
  raw.writeBigUInt64LE(1n << 40n, keys_at);
  return zstdCompressSync(raw);
}

function flipped(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const middle = copy.length >> 1;
  copy[middle] = copy[middle]! ^ 0x10;
  return copy;
}

export interface Poison {
  what: string;
  body: Buffer;
  /** ClickHouse's code when it comes alone; none where it answers that all is well. */
  code: string;
  reason: 'unreadable' | 'refused';
}

/** Made of a good block, whose rows are never stored from them. */
export function poisons({ body }: CallBlock): Poison[] {
  const unreadable = (what: string, code: string, broken: Buffer): Poison => ({
    what,
    code,
    body: broken,
    reason: 'unreadable',
  });
  return [
    unreadable('bytes that are no zstd', '', Buffer.from('no frame of any kind')),
    unreadable('one bit flipped', '561', flipped(body)),
    unreadable('half a frame', '', body.subarray(0, body.length >> 1)),
    unreadable('the beginning of a frame’s header', '', body.subarray(0, 10)),
    unreadable('nothing', '', Buffer.alloc(0)),
    unreadable('random bytes', '33', zstdCompressSync(Buffer.from('\x01\x05\x07version\x06UInt64'))),
    unreadable('far too many rows', '128', native(2 ** 41, 'version', 'UInt64', Buffer.alloc(8))),
    unreadable('more rows than there are', '33', native(2 ** 20, 'version', 'UInt64', Buffer.alloc(8))),
    unreadable('a type unheard of', '50', native(1, 'version', 'Nonsense', Buffer.alloc(8))),
    unreadable('words for a number', '6', native(1, 'version', 'String', Buffer.from('\x03abc'))),
    unreadable(
      'a list for a number',
      '43',
      native(1, 'version', 'Array(UInt8)', Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 1])),
    ),
    { what: 'a claim on all memory', code: '241', body: greedy(body), reason: 'refused' },
  ];
}
