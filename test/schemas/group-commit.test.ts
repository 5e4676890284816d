import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it, mock } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { createGroupCommit, type GroupCommitOptions } from '../../schemas/group-commit.ts';
import { UnavailableError } from '../../schemas/seams.ts';

interface Item {
  id: number;
  rows: number;
}

/** A commit whose groups the test sees and ends one by one. */
function createStore(options: Partial<GroupCommitOptions<Item>> = {}) {
  const groups: { ids: number[]; end: (error?: Error) => void }[] = [];
  const commits = createGroupCommit<Item>({
    max_weight: { rows: 10, bytes: Number.POSITIVE_INFINITY },
    max_wait_ms: 20,
    max_in_flight: 1,
    weigh: ({ rows }) => ({ rows, bytes: rows * 100 }),
    commit: (items) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      groups.push({
        ids: items.map(({ id }) => id),
        end: (error) => (error ? reject(error) : resolve()),
      });
      return promise;
    },
    ...options,
  });
  const ids = () => groups.map((group) => group.ids);
  return { ...commits, groups, ids };
}

const item = (id: number, rows = 1): Item => ({ id, rows });

describe('group commit', () => {
  it('commits together what comes within the wait, in order, and answers each', async () => {
    const store = createStore();
    const answers = Promise.all([store.add(item(1)), store.add(item(2)), store.add(item(3))]);
    assert.deepEqual(store.ids(), []);
    await sleep(40);
    assert.deepEqual(store.ids(), [[1, 2, 3]]);
    store.groups[0]!.end();
    await answers;
    assert.deepEqual(store.pending(), { items: 0, rows: 0, bytes: 0 });
  });

  it('starts a full group at once, and lets one item be heavier than a group', async () => {
    const store = createStore({ max_in_flight: 9 });
    for (const [id, rows] of [4, 5, 3, 12, 10].entries()) void store.add(item(id, rows));
    await nextTurn();
    assert.deepEqual(store.ids(), [[0, 1], [2], [3], [4]]);
  });

  it('makes the next group wait for the last', async () => {
    const store = createStore({ max_items: 2 });
    for (let id = 1; id <= 5; id++) void store.add(item(id));
    await sleep(40);
    assert.deepEqual(store.ids(), [[1, 2]]);
    store.groups[0]!.end();
    await nextTurn();
    assert.deepEqual(store.ids(), [
      [1, 2],
      [3, 4],
    ]);
    store.groups[1]!.end();
    await nextTurn();
    assert.deepEqual(store.ids(), [[1, 2], [3, 4], [5]]);
  });

  it('keeps the least time between two starts, except for a full group', async () => {
    const store = createStore({ max_wait_ms: 0, min_interval_ms: 80, max_items: 3, max_in_flight: 9 });
    void store.add(item(1));
    await nextTurn();
    void store.add(item(2));
    await sleep(30);
    assert.deepEqual(store.ids(), [[1]], 'the second waits');
    await sleep(80);
    assert.deepEqual(store.ids(), [[1], [2]]);
    for (const id of [3, 4, 5]) void store.add(item(id));
    assert.deepEqual(store.ids(), [[1], [2], [3, 4, 5]]);
  });

  it('rejects all of a group with the error of its commit, and goes on', async () => {
    const store = createStore({ max_items: 2 });
    const failed = Promise.allSettled([store.add(item(1)), store.add(item(2))]);
    const after = Promise.all([store.add(item(3)), store.add(item(4))]);
    const reason = new Error('disk full');
    store.groups[0]!.end(reason);
    assert.deepEqual(await failed, [
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    store.groups[1]!.end();
    await after;
  });

  it('refuses with UnavailableError what exceeds the pending weight, and takes it later', async () => {
    const store = createStore({ max_pending_weight: { rows: 5, bytes: 1e9 }, max_items: 1 });
    const first = store.add(item(1, 4));
    await assert.rejects(store.add(item(2, 2)), UnavailableError);
    store.groups[0]!.end();
    await first;
    const heavy = store.add(item(3, 50));
    store.groups[1]!.end();
    await heavy;
  });

  it('flushes without waiting, and resolves when that is settled, well or not', async () => {
    const store = createStore({ max_wait_ms: 60_000, min_interval_ms: 60_000, max_items: 1 });
    const failing = assert.rejects(store.add(item(1)));
    const second = store.add(item(2));
    let flushed = false;
    const flush = store.flush().then(() => {
      flushed = true;
    });
    store.groups[0]!.end(new Error('no'));
    await failing;
    await nextTurn();
    assert.equal(flushed, false);
    store.groups[1]!.end();
    await Promise.all([second, flush]);
  });

  it('takes nothing in once it is drained', async () => {
    const store = createStore({ max_wait_ms: 60_000 });
    const last = store.add(item(1));
    const drained = store.drain();
    await assert.rejects(store.add(item(2)), UnavailableError);
    store.groups[0]!.end();
    await Promise.all([last, drained]);
  });

  it('never keeps the process alive', async () => {
    const script = `
      import { createGroupCommit } from ${JSON.stringify(import.meta.resolve('../../schemas/group-commit.ts'))};
      const commits = createGroupCommit({ max_weight: { rows: 9, bytes: 9 }, max_wait_ms: 60000, min_interval_ms: 60000,
        max_in_flight: 1, weigh: () => ({ rows: 1, bytes: 1 }), commit: async () => {} });
      commits.add(1); commits.flush(); commits.add(2);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });
});

interface Plan {
  pause_ms: number;
  rows: number;
  flush: boolean;
}

const plans = fc.array(
  fc.record<Plan>({
    pause_ms: fc.integer({ min: 0, max: 30 }),
    rows: fc.integer({ min: 1, max: 14 }),
    flush: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);
const limits = fc.record({
  max_items: fc.integer({ min: 1, max: 6 }),
  max_wait_ms: fc.integer({ min: 0, max: 50 }),
  min_interval_ms: fc.integer({ min: 0, max: 60 }),
  max_in_flight: fc.integer({ min: 1, max: 3 }),
  commit_ms: fc.integer({ min: 0, max: 80 }),
  fail_every: fc.integer({ min: 1, max: 5 }),
});

describe('group commit, whatever the load', () => {
  it('commits every item once, in order, within its limits, and tells each its own outcome', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    try {
      await fc.assert(fc.asyncProperty(plans, limits, check), { numRuns: 150 });
    } finally {
      mock.timers.reset();
    }
  });

  async function check(steps: Plan[], bounds: typeof limits extends fc.Arbitrary<infer B> ? B : never) {
    const groups: { items: Item[]; failed: boolean }[] = [];
    let under_way = 0;
    let most_under_way = 0;
    const commits = createGroupCommit<Item>({
      ...bounds,
      max_weight: { rows: 10, bytes: 1e9 },
      weigh: ({ rows }) => ({ rows, bytes: 1 }),
      commit: (items) => {
        const failed = groups.length % bounds.fail_every === bounds.fail_every - 1;
        groups.push({ items, failed });
        most_under_way = Math.max(most_under_way, ++under_way);
        return new Promise((resolve, reject) => {
          setTimeout(() => {
            under_way--;
            if (failed) reject(new Error('failed'));
            else resolve();
          }, bounds.commit_ms);
        });
      },
    });
    const outcomes: (boolean | undefined)[] = steps.map(() => undefined);
    for (const [id, { pause_ms, rows, flush }] of steps.entries()) {
      mock.timers.tick(pause_ms);
      await nextTurn();
      commits.add(item(id, rows)).then(
        () => {
          outcomes[id] = true;
        },
        () => {
          outcomes[id] = false;
        },
      );
      if (flush) void commits.flush();
    }
    for (let turn = 0; commits.pending().items > 0; turn++) {
      assert.ok(turn < 500, 'every item is settled');
      mock.timers.tick(20);
      await nextTurn();
    }
    await nextTurn();
    const committed = groups.flatMap(({ items, failed }) => items.map(({ id }) => ({ id, failed })));
    assert.deepEqual(
      committed.map(({ id }) => id),
      steps.map((_, id) => id),
    );
    assert.ok(most_under_way <= bounds.max_in_flight);
    assert.deepEqual(
      outcomes,
      committed.map(({ failed }) => !failed),
    );
    for (const { items } of groups) {
      const rows = items.reduce((sum, one) => sum + one.rows, 0);
      assert.ok(items.length === 1 || (rows <= 10 && items.length <= bounds.max_items));
    }
    assert.deepEqual(commits.pending(), { items: 0, rows: 0, bytes: 0 });
  }
});
