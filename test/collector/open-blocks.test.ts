/** Rows on their way from requests to blocks: none is lost, none is sent twice, and a bad one takes no block with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { createOpenBlocks } from '../../collector/open-blocks.ts';
import type { TakenIn } from '../../collector/take-in.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import type { CallBlock } from '../../schemas/seams.ts';
import { makeCall, makePayload } from '../support/rows.ts';

const MIB = 1024 * 1024;
const ROW_MAX_BYTES = 4_096 + 1_024;
const NAMES_MAX_BYTES = 8_192;

function takenOf(calls: CallRow[], payloads: TakenIn['payloads'] = []): TakenIn {
  return {
    received: calls.length,
    calls,
    payloads,
    scores: [],
    carriers: 0,
    contents: 0,
    not_model_calls: 0,
    rejections: [],
  };
}

function recording(max_bytes = MIB) {
  const blocks: CallBlock[] = [];
  const open = createOpenBlocks(async (block) => {
    blocks.push(block);
  }, max_bytes);
  const rows = (table: string): number =>
    blocks.filter((block) => block.table === table).reduce((sum, block) => sum + block.rows, 0);
  return { blocks, open, rows };
}

test('requests of one batch are sent together, once, however often it is asked for', async () => {
  const { blocks, open, rows } = recording();
  const first = open.append(takenOf([makeCall()], [makePayload()]), 1_000);
  const second = open.append(takenOf([makeCall(), makeCall()]), 1_000);
  assert.equal(first, second);
  await Promise.all([first.send(), second.send(), first.send()]);
  assert.deepEqual([blocks.length, rows('calls'), rows('payloads')], [2, 3, 1]);
  const third = open.append(takenOf([makeCall()]), 1_000);
  assert.notEqual(third, first);
  await third.send();
  assert.equal(rows('calls'), 4);
});

test('rows are taken out of what the request holds', () => {
  const taken = takenOf([makeCall()], [makePayload()]);
  recording().open.append(taken, 1_000);
  assert.deepEqual([taken.calls, taken.payloads], [[], []]);
});

test('a row that no column holds fails its batch, and the next is whole', async () => {
  const { blocks, open, rows } = recording();
  const spoiled = open.append(takenOf([makeCall()]), 1_000);
  const bad = takenOf([makeCall(), makeCall({ span_id: new Uint8Array(7) })]);
  assert.throws(() => open.append(bad, 1_000), RangeError);
  await assert.rejects(spoiled.send(), /could not be encoded/);
  assert.equal(blocks.length, 0);
  await open.append(takenOf([makeCall()]), 1_000).send();
  assert.deepEqual([blocks.length, rows('calls')], [1, 1]);
});

test('of any requests every row is sent once, in blocks near their limit', async () => {
  const request = fc.record({
    rows: fc.integer({ min: 1, max: 60 }),
    value_chars: fc.integer({ min: 0, max: 4_096 }),
    sends: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 12 }), async (requests) => {
      const max_bytes = 64 * 1024;
      const { blocks, open, rows } = recording(max_bytes);
      let expected = 0;
      let batch = open.append(takenOf([makeCall()]), 0);
      for (const { rows: count, value_chars, sends } of requests) {
        const calls = Array.from({ length: count }, () =>
          makeCall({ attributes: ['key', 'x'.repeat(value_chars)] }),
        );
        batch = open.append(takenOf(calls), count * (value_chars + 300));
        expected += count;
        if (sends) await batch.send();
      }
      await batch.send();
      assert.equal(rows('calls'), expected + 1);
      // Four rows may join beyond the limit; the names of the columns come on top.
      const largest = Math.max(...blocks.map(({ body }) => zstdDecompressSync(body).length));
      assert.ok(largest <= max_bytes + 4 * ROW_MAX_BYTES + NAMES_MAX_BYTES, `${largest} bytes`);
    }),
    { numRuns: 30 },
  );
});
