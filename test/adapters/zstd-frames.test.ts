/** A body that was cut anywhere, even between two of its blocks, is known for it before it is sent. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';
import { isWholeZstd } from '../../adapters/zstd-frames.ts';

const compress = (text: Buffer, checksum: boolean): Buffer =>
  zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0 } });
const texts = [
  Buffer.alloc(0),
  Buffer.from('a'),
  Buffer.alloc(300, 'run of one byte'),
  Buffer.alloc(400_000),
  randomBytes(300_000),
  Buffer.from(Array.from({ length: 70_000 }, (_, number) => `row ${number}`).join('\n')),
];

test('frames of all sizes are whole, alone and one after another', () => {
  for (const checksum of [true, false]) {
    const frames = texts.map((text) => compress(text, checksum));
    for (const frame of frames) assert.ok(isWholeZstd(frame));
    assert.ok(isWholeZstd(Buffer.concat(frames)));
  }
});

test('frames that are cut, have more behind them, or are none are not whole', () => {
  const frame = compress(Buffer.from('some rows of a block, some rows of a block'), true);
  const two = Buffer.concat([compress(randomBytes(300_000), true), frame]);
  for (let bytes = 0; bytes < frame.length; bytes++) assert.ok(!isWholeZstd(frame.subarray(0, bytes)));
  for (let cut = 1; cut < frame.length; cut++) {
    assert.ok(!isWholeZstd(two.subarray(0, two.length - cut)), `${cut} bytes short`);
  }
  for (const bytes of [0, 4, 5, 131_081, 262_150, 299_000]) assert.ok(!isWholeZstd(two.subarray(0, bytes)));
  assert.ok(!isWholeZstd(Buffer.concat([frame, Buffer.from([0])])));
  assert.ok(!isWholeZstd(Buffer.from('no frame at all')));
});
