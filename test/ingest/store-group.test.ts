import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Health } from '../../ingest/decide.ts';
import { storeGroup } from '../../ingest/store-group.ts';
import { WarehouseError } from '../../schemas/seams.ts';

/** A message, and the code that any insert with it fails with; 0 if it is good. */
interface Message {
  id: number;
  code: number;
}

interface World {
  messages: Message[];
  /** Inserts and probes that the database does not answer, by their number. */
  outages: { from: number; length: number }[];
  /** Whether a good block was stored before. */
  stored_before: boolean;
}

const UNREADABLE = 117;
const UNCLEAR = 241;

async function run({ messages, outages, stored_before }: World) {
  const stored = new Set<number>();
  const dead: number[] = [];
  let asked = 0;
  let waits = 0;
  let lastStored = stored_before;
  const answer = () => {
    const number = asked++;
    assert.ok(asked < 5_000, 'it comes to an end');
    if (outages.some(({ from, length }) => number >= from && number < from + length)) {
      throw new WarehouseError('unreachable', { code: undefined });
    }
  };
  await storeGroup(messages, {
    async insert(some) {
      answer();
      // The server meets the first broken message and gives up there.
      const broken = some.find(({ code }) => code > 0);
      if (broken) throw new WarehouseError('broken', { code: broken.code });
      for (const { id } of some) stored.add(id);
      lastStored = true;
    },
    async probe(): Promise<Health> {
      try {
        answer();
        return lastStored ? 'stores' : 'answers';
      } catch {
        return 'down';
      }
    },
    async deadLetter({ id }) {
      dead.push(id);
    },
    async backOff() {
      waits++;
    },
    onFailure() {},
    stopping: new AbortController().signal,
  });
  return { stored, dead, asked, waits };
}

const ids = (messages: Message[], broken: boolean) =>
  messages.filter(({ code }) => code > 0 === broken).map(({ id }) => id);

const worlds = fc.record<World>({
  messages: fc
    .array(fc.constantFrom(0, 0, 0, UNREADABLE, UNCLEAR), { minLength: 1, maxLength: 60 })
    .map((codes) => codes.map((code, id) => ({ id, code }))),
  outages: fc.array(fc.record({ from: fc.nat(80), length: fc.integer({ min: 1, max: 30 }) }), {
    maxLength: 4,
  }),
  stored_before: fc.constant(true),
});

describe('storing a group', () => {
  it('stores every good message and dead-letters exactly the broken ones, through any outage', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const { stored, dead } = await run(world);
        assert.deepEqual(
          [...stored].toSorted((a, b) => a - b),
          ids(world.messages, false),
        );
        assert.deepEqual(
          dead.toSorted((a, b) => a - b),
          ids(world.messages, true),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('dead-letters nothing because of an outage, however long', async () => {
    const messages = Array.from({ length: 40 }, (_, id) => ({ id, code: 0 }));
    const { stored, dead, asked } = await run({
      messages,
      outages: [{ from: 0, length: 1_000 }],
      stored_before: false,
    });
    assert.deepEqual([stored.size, dead], [40, []]);
    assert.ok(asked < 1_010, 'the group stays whole while the database is down');
  });

  it('finds one broken message among a thousand in few inserts', async () => {
    const messages = Array.from({ length: 1_000 }, (_, id) => ({ id, code: id === 613 ? UNREADABLE : 0 }));
    const { stored, dead, asked, waits } = await run({ messages, outages: [], stored_before: false });
    assert.deepEqual([stored.size, dead], [999, [613]]);
    assert.ok(asked <= 25, `${asked} inserts and probes`);
    assert.ok(waits <= 1);
  });

  it('finds it too when its failure is unclear and nothing was stored before', async () => {
    const messages = Array.from({ length: 1_000 }, (_, id) => ({ id, code: id === 613 ? UNCLEAR : 0 }));
    const { stored, dead, waits } = await run({ messages, outages: [], stored_before: false });
    assert.deepEqual([stored.size, dead], [999, [613]]);
    assert.ok(waits <= 6, `${waits} waits`);
  });

  it('rejects with the reason when the process has to stop', async () => {
    const stopping = new AbortController();
    const reason = new Error('stopping');
    const failing = storeGroup([1], {
      insert: async () => {
        stopping.abort(reason);
        throw new WarehouseError('unreachable', { code: undefined });
      },
      probe: async () => 'down',
      deadLetter: () => assert.fail('not dead'),
      backOff: async () => {},
      onFailure() {},
      stopping: stopping.signal,
    });
    await assert.rejects(failing, reason);
  });
});
