import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { examine } from '../../../ingest/settle/examiner.ts';
import { settleHours } from '../../../ingest/settle/settle-hours.ts';
import { createRandom } from '../../query-api/support/random.ts';
import { countedOf } from './support/reference.ts';
import { ask, assertSame, type Settling, startSettling } from './support/settling.ts';
import { changed, makeWorld, told } from './support/spans.ts';

const HOUR_MS = 3_600_000;
/** Yesterday, from 6 o'clock. */
const FROM_MS = (Math.floor(Date.now() / 86_400_000) - 1) * 86_400_000 + 6 * HOUR_MS;
const HOURS = 4;

let settling: Settling;
before(async () => {
  settling = await startSettling();
});
after(() => settling.stop());

test('what counts is what the rules say, from scratch, examined, and settled, whatever order it came in', async () => {
  for (const seed of [1, 2]) {
    const project = `rules-${seed}`;
    const world = makeWorld(createRandom(seed), project, FROM_MS, HOURS);
    const spans = Array.from({ length: 300 }, () => told(world)).flat();
    const again = spans.filter(() => world.random.chance(0.1)).map((call) => changed(world, call));
    const sent = [...spans, ...again].sort(() => world.random.next() - 0.5);
    for (let at = 0; at < sent.length; at += 200) {
      await settling.insert(sent.slice(at, at + 200));
      if (world.random.chance(0.5)) await examine(settling.store);
    }
    const expected = countedOf(sent);
    assert.ok(expected.length < spans.length - 50, 'there are repeats');
    const window = { project, from_ms: FROM_MS - HOUR_MS, to_ms: FROM_MS + (HOURS + 1) * HOUR_MS };
    const truth = await ask(settling, { ...window, from: 'scratch' });
    const total = (name: string): number => truth.reduce((sum, row) => sum + Number(row[name]), 0);
    assert.equal(total('calls'), expected.length, `seed ${seed}`);
    assert.equal(
      total('output_tokens'),
      expected.reduce((sum, call) => sum + (call.output_tokens ?? 0), 0),
    );
    assertSame(await ask(settling, { ...window, from: 'calls' }), truth, `seed ${seed}, before examining`);
    await examine(settling.store);
    assertSame(await ask(settling, { ...window, from: 'calls' }), truth, `seed ${seed}, examined`);
    assertSame(await ask(settling, { ...window, from: 'cells' }), truth, `seed ${seed}, unsettled`);
    const first = FROM_MS / HOUR_MS - 1;
    await settleHours(
      settling.store,
      project,
      Array.from({ length: HOURS + 2 }, (_, at) => first + at),
    );
    assertSame(await ask(settling, { ...window, from: 'cells' }), truth, `seed ${seed}, settled`);
  }
});
