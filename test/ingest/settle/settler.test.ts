import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Registry } from 'prom-client';
import { createSettler } from '../../../ingest/settle/settler.ts';
import type { QueryOptions, Warehouse } from '../../../schemas/seams.ts';
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
