import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufReader } from '../../../collector/otlp/protobuf-reader.ts';
import { MalformedBodyError } from '../../../collector/otlp/span.ts';

function reader(...bytes: number[]): ProtobufReader {
  return new ProtobufReader(Uint8Array.from(bytes));
}

function int64(...bytes: number[]): number | bigint {
  return reader(...bytes).int64(bytes.length);
}

function skip(...bytes: number[]): number {
  const one = reader(...bytes);
  one.skip(one.tag(one.length), one.length);
  return one.pos;
}

test('a varint of one to ten bytes is a signed 64-bit number, bigint beyond 2^53', () => {
  assert.equal(int64(0x00), 0);
  assert.equal(int64(0x7f), 127);
  assert.equal(int64(0x80, 0x01), 128);
  assert.equal(int64(0xff, 0xff, 0xff, 0xff, 0x0f), 4_294_967_295);
  assert.equal(int64(0x80, 0x80, 0x80, 0x80, 0x10), 4_294_967_296);
  assert.equal(int64(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f), Number.MAX_SAFE_INTEGER);
  assert.equal(int64(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10), 2n ** 53n);
  assert.equal(int64(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), -1);
  assert.equal(int64(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01), -(2n ** 63n));
});

test('a varint padded with zero bits reads as its value', () => {
  assert.equal(int64(0x85, 0x80, 0x80, 0x00), 5);
  assert.equal(reader(0x85, 0x00).varint(2), 5);
});

test('a varint of more than ten bytes is malformed', () => {
  const bytes = [...new Array(10).fill(0x80), 0x01];
  assert.throws(() => int64(...bytes), /byte 0 of 11: expected a varint of at most 10 bytes/);
});

test('a varint does not run into the next message', () => {
  const one = reader(0x80, 0x01);
  assert.throws(() => one.varint(1), /byte 1 of 2: expected more bytes of a varint/);
});

test('fixed numbers are little-endian halves and need all their bytes', () => {
  const one = reader(1, 2, 3, 4, 0xfc, 0xfd, 0xfe, 0xff);
  one.fixed64(8);
  assert.deepEqual([one.lo, one.hi], [0x04030201, 0xfffefdfc]);
  assert.throws(() => reader(1, 2, 3).fixed64(3), /byte 0 of 3: expected 8 bytes, 3 are left/);
  assert.throws(() => reader(1, 2, 3).double(3), MalformedBodyError);
});

test('a length past the end of its message is malformed, however large', () => {
  assert.throws(
    () => reader(3, 1, 2).lengthEnd(3),
    /byte 0 of 3: a length of 3 bytes, but its message has 2 left/,
  );
  assert.throws(
    () => reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01).lengthEnd(10),
    MalformedBodyError,
  );
});

test('unknown fields of every wire type are passed over', () => {
  assert.equal(skip(0x78, 0x96, 0x01), 3);
  assert.equal(skip(0x79, 1, 2, 3, 4, 5, 6, 7, 8), 9);
  assert.equal(skip(0x7a, 2, 1, 2), 4);
  assert.equal(skip(0x7d, 1, 2, 3, 4), 5);
  assert.equal(skip(0x7b, 0x08, 0x05, 0x13, 0x1d, 1, 2, 3, 4, 0x14, 0x7c), 11);
});

test('groups must be closed in order, and wire types 4, 6 and 7 cannot begin a field', () => {
  assert.throws(() => skip(0x7b, 0x08, 0x05), MalformedBodyError);
  assert.throws(() => skip(0x7b, 0x74), /expected the end of group 15, found that of 14/);
  assert.throws(() => skip(0x7c), /the end of group 15 without its start/);
  assert.throws(() => skip(0x7e), /expected a wire type from 0 to 5 for field 15, found 6/);
  assert.throws(() => skip(0x7f), MalformedBodyError);
  assert.throws(
    () => reader(...new Array(100_000).fill(0x7b)).skip(0x7b, 100_000),
    /groups nested over 64 deep/,
  );
});

test('field number 0 and tags beyond 32 bits are malformed', () => {
  assert.throws(() => reader(0x02).tag(1), /byte 0 of 1: expected a field tag, found 2/);
  assert.throws(() => reader(0x80, 0x80, 0x80, 0x80, 0x10).tag(5), MalformedBodyError);
  assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0x0f).tag(5), 0xffff_ffff);
});

test('a body of another format is named in the error', () => {
  const json = new ProtobufReader(Buffer.from('{"resourceSpans":[]}'));
  assert.throws(() => json.fail(0, 'x'), /looks like JSON/);
  assert.throws(() => reader(0x1f, 0x8b, 8).fail(0, 'x'), /looks like gzip/);
});
