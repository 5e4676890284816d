import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditUnits } from '../../../ingest/settle/auditor.ts';
import { eraseUser } from '../../../ingest/settle/erase.ts';
import { examine } from '../../../ingest/settle/examiner.ts';
import { rebuildRollups } from '../../../ingest/settle/rebuild.ts';
import { settleDue } from '../../../ingest/settle/settle-hours.ts';
import { CLOCK_GRAIN_MS } from '../../../schemas/queries/settling/times.ts';
import { makeCall } from '../../support/rows.ts';
import { ask, CALLS_DAYS, type Settling, startSettling } from './support/settling.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOON_MS = (Math.floor(Date.now() / DAY_MS) - 0.5) * DAY_MS;
/** When the calls of noon have expired. */
const LATER_MS = NOON_MS + HOUR_MS + CALLS_DAYS * DAY_MS;

let settling: Settling;
before(async () => {
  settling = await startSettling();
});
after(() => settling.stop());

async function countOf(from: 'calls' | 'cells', now_ms: number): Promise<number> {
  const window = {
    project: 'default',
    from_ms: NOON_MS,
    to_ms: NOON_MS + HOUR_MS,
    metrics: ['calls'] as const,
  };
  const rows = await ask(settling, { ...window, group_by: [], from, now_ms });
  return rows.reduce((sum, row) => sum + Number(row.calls), 0);
}

test('hours before the horizon are frozen: nothing settles, audits, rebuilds or erases their rollups', async () => {
  const { store } = settling;
  const later = { ...store, now: () => LATER_MS };
  await settling.insert([makeCall({ process: 1n, user_id: 'ann' }), makeCall({ process: 2n })]);
  await sleep(CLOCK_GRAIN_MS + 200);
  await examine(store);
  assert.equal((await settleDue(store)).settled, 1);
  assert.equal((await auditUnits(store, 10)).length, 1);
  assert.equal(await countOf('cells', Date.now()), 2);

  assert.equal(await countOf('calls', LATER_MS), 0, 'expired calls are hidden');
  assert.equal(await countOf('cells', LATER_MS), 2, 'their rollup is not');
  await settling.insert([makeCall({ process: 3n })]);
  await sleep(CLOCK_GRAIN_MS + 200);
  await examine(later);
  assert.deepEqual(await settleDue(later), { settled: 0, waiting: 0 });
  assert.deepEqual(await auditUnits(later, 10), []);
  const window = { from_ms: NOON_MS, to_ms: NOON_MS + HOUR_MS };
  assert.deepEqual(await rebuildRollups(later, window, () => {}), { rebuilt: 0, frozen: 1 });
  const report = await eraseUser(later, { project: 'default', user_id: 'ann' });
  assert.deepEqual([report.calls, report.hours_unsettled, report.hours_frozen], [1, 0, 1]);
  assert.equal(await countOf('cells', LATER_MS), 2);
});

test('rollups of more hours than a statement can list are counted all the same', async () => {
  const { writer, engine } = settling;
  const { database } = engine;
  const hours = 9_500;
  const first = Math.floor(Date.now() / HOUR_MS) - hours - 24;
  const of = `FROM (SELECT toInt32(${first} + number) AS hour, toUInt64(1732442342342342342) + number AS version FROM numbers(${hours}))`;
  await writer.command(
    `INSERT INTO ${database}.rollup_model_1h (project, hour, version, model, calls) SELECT 'old', hour, version, 'm', 2 ${of}`,
  );
  await writer.command(
    `INSERT INTO ${database}.settled (project, hour, version, watermark) SELECT 'old', hour, version, now64(3) ${of}`,
  );
  const window = { project: 'old', from_ms: first * HOUR_MS, to_ms: Date.now() };
  const counted = async (): Promise<number> => {
    const rows = await ask(settling, { ...window, metrics: ['calls'], group_by: ['model'], from: 'cells' });
    return rows.reduce((sum, row) => sum + Number(row.calls), 0);
  };
  assert.equal(await counted(), 2 * hours);
  const started_at = (Date.now() - 2 * HOUR_MS) * 1000;
  const outer = makeCall({ project: 'old', started_at });
  const { trace_id, span_id } = outer;
  await settling.insert([outer, makeCall({ project: 'old', started_at, trace_id, parent_span_id: span_id })]);
  assert.equal(await counted(), 2 * hours + 1, 'with new calls, of which one repeats the other');
  await sleep(CLOCK_GRAIN_MS + 200);
  await examine(settling.store);
  assert.equal(await counted(), 2 * hours + 1, 'with calls whose repeats are known');
});
