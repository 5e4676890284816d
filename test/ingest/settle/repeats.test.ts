import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { examine } from '../../../ingest/settle/examiner.ts';
import { settleHours } from '../../../ingest/settle/settle-hours.ts';
import type { CallRow } from '../../../schemas/record/calls.ts';
import { createRandom, type Random } from '../../query-api/support/random.ts';
import { countedOf } from './support/reference.ts';
import { type Answer, ask, assertSame, type Settling, startSettling } from './support/settling.ts';
import { changed, makeWorld, told } from './support/spans.ts';

const HOUR_MS = 3_600_000;
/** Yesterday, from 6 o'clock. */
const FROM_MS = (Math.floor(Date.now() / 86_400_000) - 1) * 86_400_000 + 6 * HOUR_MS;
const HOURS = 4;
const ORDERS = 3;

let settling: Settling;
before(async () => {
  settling = await startSettling();
});
after(() => settling.stop());

function shuffled<T>(values: readonly T[], random: Random): T[] {
  return values
    .map((value) => ({ value, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}

const totalOf = (answer: Answer, name: string): number =>
  answer.reduce((sum, row) => sum + Number(row[name]), 0);

/** In this order, in batches of any size, with rows sent again and repeats looked for now and then. */
async function insertInOrder(rows: readonly CallRow[], random: Random): Promise<void> {
  for (let at = 0; at < rows.length; ) {
    const size = 1 + random.integer(rows.length / 2);
    await settling.insert([...rows.slice(at, at + size), random.pick(rows)]);
    at += size;
    if (random.chance(0.5)) await examine(settling.store);
  }
}

for (const seed of [1, 2]) {
  test(`what counts is what the rules say, whatever order and batches it comes in (seed ${seed})`, async () => {
    const random = createRandom(seed);
    const world = makeWorld(random, '', FROM_MS, HOURS);
    const spans = Array.from({ length: 300 }, () => told(world)).flat();
    const sent = [...spans, ...spans.filter(() => random.chance(0.1)).map((call) => changed(world, call))];
    const expected = countedOf(sent);
    assert.ok(expected.length < spans.length - 50, 'there are repeats');
    let first: Answer | undefined;
    for (let order = 0; order < ORDERS; order++) {
      const project = `seed-${seed}-order-${order}`;
      const window = { project, from_ms: FROM_MS - HOUR_MS, to_ms: FROM_MS + (HOURS + 1) * HOUR_MS };
      await insertInOrder(
        shuffled(sent, random).map((call) => ({ ...call, project })),
        random,
      );
      const truth = await ask(settling, { ...window, from: 'scratch' });
      assert.equal(totalOf(truth, 'calls'), expected.length);
      assert.equal(
        totalOf(truth, 'output_tokens'),
        expected.reduce((sum, call) => sum + (call.output_tokens ?? 0), 0),
      );
      first ??= truth;
      assertSame(truth, first, `order ${order}`);
      assertSame(await ask(settling, { ...window, from: 'calls' }), truth, `order ${order}, calls`);
      await examine(settling.store);
      const hours = Array.from({ length: HOURS + 2 }, (_, at) => window.from_ms / HOUR_MS + at);
      await settleHours(settling.store, project, hours);
      assertSame(await ask(settling, { ...window, from: 'cells' }), truth, `order ${order}, cells`);
    }
  });
}
