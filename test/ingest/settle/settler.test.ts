import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Registry } from 'prom-client';
import { createSettler } from '../../../ingest/settle/settler.ts';
import { recordErasure } from '../../../schemas/queries/settling/erase.ts';
import { type QueryOptions, type Warehouse, WarehouseError } from '../../../schemas/seams.ts';
import { eventually } from '../../support/eventually.ts';
import { makeCall } from '../../support/rows.ts';
import { ask, type Settling, startSettling } from './support/settling.ts';

const HOUR_MS = 3_600_000;
const NOON_MS = (Math.floor(Date.now() / 86_400_000) - 0.5) * 86_400_000;

let settling: Settling;
before(async () => {
  settling = await startSettling();
});
after(() => settling.stop());

test('a settler settles what is quiet, mends what its audit finds, and asks one question a pass when nothing comes', async () => {
  const statements: string[] = [];
  const { warehouse } = settling.store;
  const watched: Warehouse = {
    ...warehouse,
    query: <Row>(sql: string, options?: QueryOptions) => {
      statements.push(sql);
      return warehouse.query<Row>(sql, options);
    },
  };
  const registry = new Registry();
  const logged: string[] = [];
  const settler = createSettler({
    ...settling.store,
    warehouse: watched,
    registry,
    interval_ms: 300,
    audit_interval_ms: 1_000,
    // As often as it says, however long passes take.
    share_of_time: 1,
    log: (level, message) => logged.push(`${level} ${message}`),
  });
  const metric = async (name: string): Promise<number> =>
    (await registry.getSingleMetric(`plumbline_${name}`)!.get()).values[0]!.value;
  await settling.insert(Array.from({ length: 50 }, (_, n) => makeCall({ process: BigInt(n + 1) })));
  settler.start();
  try {
    await eventually(async () => assert.ok((await metric('settle_hours_total')) >= 1), 20_000);
    const window = { project: 'default', from_ms: NOON_MS, to_ms: NOON_MS + HOUR_MS, from: 'cells' as const };
    assert.equal(
      (await ask(settling, window)).reduce((sum, row) => sum + Number(row.calls), 0),
      50,
    );
    await eventually(async () => assert.ok((await metric('rollup_audit_hours_total')) >= 1), 20_000);
    assert.equal(await metric('rollup_audit_differences_total'), 0);

    await settling.writer.command('ALTER TABLE plumbline.rollup_1h UPDATE output_sum = 1 WHERE 1', {
      settings: { mutations_sync: 1 },
    });
    await eventually(async () => assert.ok((await metric('rollup_audit_differences_total')) >= 1), 20_000);
    assert.ok(logged.some((line) => line.startsWith('error a rollup differed')));
    await eventually(
      async () =>
        assert.equal(
          (await ask(settling, window)).reduce((sum, row) => sum + Number(row.output_tokens), 0),
          1_000,
        ),
      20_000,
    );

    await eventually(() => {
      const passes = statements.filter((sql) => sql.includes('unsettled_ms')).length;
      const all = statements.length;
      statements.length = 0;
      // Besides the audit's, which come by their own clock.
      assert.ok(
        passes > 0 && all - passes <= 6 && !statements.some((sql) => sql.includes('waiting')),
        `${all} for ${passes}`,
      );
    }, 20_000);
  } finally {
    await settler.stop();
  }
});

test('what fails in one step of a pass is logged and counted, and leaves out no other step', async () => {
  const { warehouse } = settling.store;
  const failing: Warehouse = {
    ...warehouse,
    async query<Row>(sql: string, options?: QueryOptions) {
      if (/AS waiting|audited_ms|NOT IN \(SELECT project, hour, argMax/.test(sql))
        throw new WarehouseError('as if', { code: 1 });
      return warehouse.query<Row>(sql, options);
    },
  };
  const user = { project: 'steps', user_id: 'ann' };
  const erased = recordErasure({ database: 'plumbline', ...user, erased_at: String(Date.now() * 1000) });
  await settling.writer.command(erased.sql, { params: erased.params });
  await settling.insert([makeCall({ ...user, version: 1 })]);
  const registry = new Registry();
  const logged: string[] = [];
  let ahead_ms = 0;
  const settler = createSettler({
    ...settling.store,
    warehouse: failing,
    now: () => Date.now() + ahead_ms,
    registry,
    interval_ms: 100,
    share_of_time: 1,
    log: (level, message) => logged.push(`${level} ${message}`),
  });
  ahead_ms = 2 * HOUR_MS;
  settler.start();
  try {
    await eventually(async () => {
      const { rows } = await settling.writer.query<{ n: number }>(
        `SELECT count() AS n FROM plumbline.calls WHERE project = 'steps'`,
      );
      assert.equal(Number(rows[0]!.n), 0, logged.join('\n'));
    }, 20_000);
  } finally {
    await settler.stop();
  }
  for (const what of ['settling', 'the audit', 'removing old versions'])
    assert.ok(logged.includes(`warn ${what} failed and is tried again`), what);
  const failures = await registry.getSingleMetric('plumbline_settle_failures_total')!.get();
  assert.equal(failures.values[0]!.value, logged.filter((line) => line.startsWith('warn')).length);
});
