import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { examine } from '../../../ingest/settle/examiner.ts';
import {
  collectVersions,
  type Settlement,
  settleDue,
  settleHours,
} from '../../../ingest/settle/settle-hours.ts';
import type { SettleStore } from '../../../ingest/settle/store.ts';
import { CLOCK_GRAIN_MS, MS_PER_DAY, MS_PER_HOUR } from '../../../schemas/queries/settling/times.ts';
import { WarehouseError } from '../../../schemas/seams.ts';
import { makeCall } from '../../support/rows.ts';
import { type Settling, startSettling } from './support/settling.ts';

const FIRST_HOUR = Math.floor(Date.now() / MS_PER_HOUR) - 40;

let settling: Settling;
before(async () => {
  settling = await startSettling();
});
after(() => settling.stop());

/** As the settler's, where statements that match cannot be run. */
function refusing(refused: RegExp): SettleStore {
  const { warehouse } = settling.store;
  return {
    ...settling.store,
    warehouse: {
      ...warehouse,
      async command(sql, options) {
        if (refused.test(sql)) throw new WarehouseError('refused', { code: 1 });
        return warehouse.command(sql, options);
      },
    },
  };
}

async function callsWith(number: number, hour: number, project: string): Promise<void> {
  const rows = Array.from({ length: number }, (_, n) =>
    makeCall({ project, process: BigInt(n + 1), started_at: hour * MS_PER_HOUR * 1000 + n * 1_000_000 }),
  );
  await settling.insert(rows);
}

async function publishedHours(): Promise<string[]> {
  const { rows } = await settling.writer.query<{ of: string }>(
    `SELECT concat(project, ' ', toString(hour - ${FIRST_HOUR})) AS of FROM plumbline.settled ORDER BY of`,
  );
  return rows.map((row) => row.of);
}

async function cellsIn(table: string): Promise<number> {
  const { rows } = await settling.writer.query<{ n: number }>(
    `SELECT count() AS n FROM plumbline.${table} WHERE project = 'left'`,
  );
  return Number(rows[0]!.n);
}

test('an hour that cannot be settled holds up neither other hours of its project nor other projects', async () => {
  for (const at of [0, 5, 10]) await callsWith(2, FIRST_HOUR + at, 'a');
  await callsWith(2, FIRST_HOUR + 7, 'b');
  await sleep(CLOCK_GRAIN_MS + 500);
  await examine(settling.store);
  const told: Settlement[] = [];
  const store = refusing(
    new RegExp(`^INSERT INTO plumbline.rollup_1h [^]* hour IN \\(([0-9, ]+, )?${FIRST_HOUR}[,)]`),
  );
  await assert.rejects(
    settleDue(store, undefined, (settlement) => told.push(settlement)),
    { message: 'refused' },
  );
  assert.deepEqual(await publishedHours(), ['a 10', 'a 5', 'b 7']);
  assert.deepEqual(told, [{ settled: 3, waiting: 1 }]);
  assert.deepEqual(await settleDue(settling.store), { settled: 1, waiting: 0 });
});

test('cells of an attempt that failed go with old versions, also where no published one is superseded', async () => {
  await callsWith(2, FIRST_HOUR, 'left');
  await sleep(CLOCK_GRAIN_MS + 500);
  await examine(settling.store);
  const coarse = refusing(/^INSERT INTO plumbline\.rollup_model_1h /);
  await assert.rejects(settleHours(coarse, 'left', [FIRST_HOUR]), { message: 'refused' });
  const left = await cellsIn('rollup_1h');
  assert.ok(left > 0);
  await settleHours(settling.store, 'left', [FIRST_HOUR]);
  assert.equal(await cellsIn('rollup_1h'), 2 * left);
  await collectVersions(settling.store);
  assert.equal(await cellsIn('rollup_1h'), 2 * left, 'a reader may still choose what is so young');
  const later = { ...settling.store, now: () => Date.now() + 2 * MS_PER_DAY };
  await collectVersions(later);
  assert.deepEqual([await cellsIn('rollup_1h'), await cellsIn('settled')], [left, 1]);
});
