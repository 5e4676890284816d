/** Memory of bodies is used again, and no body shows anything of another. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createBodies } from '../../../collector/http/bodies.ts';

/** A request as far as a reader of bodies looks at it. */
function requestOf(body: Buffer, announced: number | undefined = body.length, chunk_bytes = 60_000) {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; at += chunk_bytes) chunks.push(body.subarray(at, at + chunk_bytes));
  const headers = announced === undefined ? {} : { 'content-length': String(announced) };
  return Object.assign(Readable.from(chunks, { objectMode: false }), {
    headers,
  }) as unknown as IncomingMessage;
}

test('bodies of every size, announced or not, come whole while memory goes round', async () => {
  const bodies = createBodies(8 * 1024 * 1024);
  for (const size of [0, 1, 70_000, 65_536, 3_000_000, 10, 1_048_576, 5_000_000, 200_000, 0]) {
    const sent = [randomBytes(size), randomBytes(size >> 1)];
    const read = await Promise.all([
      bodies.read(requestOf(sent[0]!)),
      bodies.read(requestOf(sent[1]!, size === 70_000 ? undefined : sent[1]!.length)),
    ]);
    for (const [i, body] of read.entries()) {
      assert.ok(body.equals(sent[i]!), `${size} bytes`);
    }
    for (const body of read) bodies.giveBack(body);
  }
});

test('memory that was given back is used for the next body', async () => {
  const bodies = createBodies(1024 * 1024);
  const first = await bodies.read(requestOf(randomBytes(100_000)));
  const memory = first.buffer;
  const meanwhile = await bodies.read(requestOf(randomBytes(100_000)));
  assert.notEqual(meanwhile.buffer, memory);
  bodies.giveBack(first);
  assert.equal((await bodies.read(requestOf(randomBytes(90_000)))).buffer, memory);
});

test('a body above the limit is refused, whether it announces its size or not', async () => {
  const bodies = createBodies(100_000);
  const large = randomBytes(100_001);
  await assert.rejects(bodies.read(requestOf(large)), /larger than 100000 bytes/);
  await assert.rejects(bodies.read(requestOf(large, undefined)), /larger than 100000 bytes/);
  await assert.rejects(bodies.read(requestOf(large, 5)), /larger than 100000 bytes/);
});

test('a request that breaks off rejects', async () => {
  const request = requestOf(randomBytes(200_000));
  const read = createBodies(1024 * 1024).read(request);
  request.destroy(new Error('aborted'));
  await assert.rejects(read, /aborted/);
});

test('requests without a body leave the room for those with one', async () => {
  const bodies = createBodies(1024 * 1024);
  for (let i = 0; i < 20; i++) bodies.giveBack(Buffer.alloc(0));
  const first = await bodies.read(requestOf(randomBytes(100_000)));
  bodies.giveBack(first);
  assert.equal((await bodies.read(requestOf(randomBytes(90_000)))).buffer, first.buffer);
});
