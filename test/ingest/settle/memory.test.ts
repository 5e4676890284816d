/** More calls of one hour than the database has memory to look at in one go. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditHour, auditUnits } from '../../../ingest/settle/auditor.ts';
import { eraseUser } from '../../../ingest/settle/erase.ts';
import { examine } from '../../../ingest/settle/examiner.ts';
import { rebuildRollups, verifyRollups } from '../../../ingest/settle/rebuild.ts';
import { settleDue } from '../../../ingest/settle/settle-hours.ts';
import type { SettleStore } from '../../../ingest/settle/store.ts';
import { CLOCK_GRAIN_MS, MS_PER_HOUR } from '../../../schemas/queries/settling/times.ts';
import { WarehouseError } from '../../../schemas/seams.ts';
import { ask, assertSame, type Settling, startSettling } from './support/settling.ts';

const CALLS = 40_000;
const HOUR = Math.floor(Date.now() / MS_PER_HOUR) - 5;
const window = { project: 'default', from_ms: HOUR * MS_PER_HOUR, to_ms: (HOUR + 1) * MS_PER_HOUR };
const MEMORY_BYTES = 52 * 2 ** 20;
const OF_SHARE = /cityHash64\(.*\) % \d+ = \d/;
const FINE_CELLS = /^INSERT INTO plumbline\.rollup_1h /;

let settling: Settling;
/** As the settler's, with little memory for each statement. */
let store: SettleStore;
let refused = 0;
let shares = 0;

before(async () => {
  settling = await startSettling();
  const { warehouse } = settling.store;
  const within = async <T>(sql: string, work: () => Promise<T>): Promise<T> => {
    if (OF_SHARE.test(sql)) shares++;
    try {
      // Cells of so few calls fit: what it is to settle in shares is seen only if that is refused as well.
      if (FINE_CELLS.test(sql) && !OF_SHARE.test(sql)) throw new WarehouseError('too much', { code: 241 });
      return await work();
    } catch (error) {
      if (error instanceof WarehouseError && error.code === 241) refused++;
      throw error;
    }
  };
  const limited = <O extends { settings?: object }>(options?: O) => ({
    ...options,
    settings: { ...options?.settings, max_memory_usage: MEMORY_BYTES },
  });
  store = {
    ...settling.store,
    warehouse: {
      ...warehouse,
      query: (sql, options) => within(sql, () => warehouse.query(sql, limited(options))),
      command: (sql, options) => within(sql, () => warehouse.command(sql, limited(options))),
    },
  };
  // Every tenth is told by two instrumentations: half of those in one trace, half in two.
  const call = (twice: boolean): string => `INSERT INTO plumbline.calls
  (project, trace_id, span_id, started_at, version, process, service, model, scope, response_id, user_id, input_tokens, output_tokens, duration_ms)
SELECT 'default', reinterpretAsFixedString(sipHash128(number, ${twice ? 'number % 20' : 0})), reinterpretAsFixedString(sipHash64(number, ${twice})),
  fromUnixTimestamp64Micro(toInt64(${HOUR * MS_PER_HOUR * 1000} + number * ${Math.floor((MS_PER_HOUR * 1000) / CALLS)}), 'UTC'), 1, number % 40,
  concat('service-', toString(number % 7)), concat('model-', toString(number % 5)), ${twice ? "'framework'" : "'client'"},
  concat('an-answer-of-a-provider-', toString(number)), if(number % 1010 = 0 AND NOT ${twice}, 'ann', ''), number % 3000 + 1, number % 700 + 1, ${twice ? 510 : 500}
FROM numbers(${CALLS}) WHERE ${twice ? 'number % 10 = 0' : '1'}`;
  await settling.writer.command(call(false));
  await settling.writer.command(call(true));
  await new Promise((resolve) => setTimeout(resolve, CLOCK_GRAIN_MS + 500));
});
after(() => settling.stop());

const isDone = async (what: string, work: () => Promise<unknown>): Promise<void> => {
  [refused, shares] = [0, 0];
  await work();
  assert.ok(refused > 0 && shares > 0, `${what}: ${refused} statements refused, ${shares} of a share`);
};

async function isRight(calls: number): Promise<void> {
  const truth = await ask(settling, { ...window, from: 'scratch' });
  assert.equal(
    truth.reduce((sum, row) => sum + Number(row.calls), 0),
    calls,
  );
  for (const from of ['calls', 'cells'] as const)
    assertSame(await ask(settling, { ...window, from }), truth, from);
  // By slice from cells of a kind of their own, by model or nothing from the coarse ones.
  for (const group_by of [['slice'], ['model'], []] as const) {
    const question = { ...window, group_by };
    assertSame(
      await ask(settling, { ...question, from: 'cells' }),
      await ask(settling, { ...question, from: 'scratch' }),
      `by ${group_by[0] ?? 'nothing'}`,
    );
  }
}

test('a backlog is looked at in shares of it, and counts as by definition', async () => {
  await isDone('examining', () => examine(store));
  await isDone('settling', async () => assert.deepEqual(await settleDue(store), { settled: 1, waiting: 0 }));
  await isRight(CALLS);
});

test('the audit, a rebuild and its check do with as little memory, and an audit finds a repeat that is missing', async () => {
  const units = await auditUnits(store, 10);
  assert.equal(units.length, 1);
  await isDone('auditing', async () => {
    for (const unit of units) assert.equal((await auditHour(store, unit))?.differences, 0);
  });
  await settling.writer.command(
    'DELETE FROM plumbline.repeats WHERE hour = (SELECT max(hour) FROM plumbline.repeats) AND trace_id = (SELECT min(trace_id) FROM plumbline.repeats)',
    { settings: { lightweight_deletes_sync: 2 } },
  );
  const found = await verifyRollups(store, window, () => {});
  assert.equal(found.differing.length, 1);
  await isDone('rebuilding', () => rebuildRollups(store, window, () => {}));
  assert.deepEqual((await verifyRollups(store, window, () => {})).differing, []);
  await isRight(CALLS);
});

test('a user is erased within as little memory', async () => {
  const report = await eraseUser(store, { project: 'default', user_id: 'ann' });
  assert.equal(report.calls, 2 * Math.ceil(CALLS / 1010));
  await isRight(CALLS - Math.ceil(CALLS / 1010));
});
