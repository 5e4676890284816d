/** Heartbeats from the collector's own path into the engine, and what the query API makes of them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Registry } from 'prom-client';
import { HEARTBEAT_SCOPE, startHeartbeats } from '../../collector/heartbeat.ts';
import { createFreshness } from '../../query-api/freshness.ts';
import { createQueryApi } from '../../query-api/server.ts';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import { OWN_PROJECT } from '../../schemas/queries/project.ts';
import { startTestCollector } from '../support/collector.ts';
import { eventually } from '../support/eventually.ts';
import { makeCall } from '../support/rows.ts';
import {
  get,
  type Harness,
  OTHER_KEY,
  RETENTION,
  rowsOf,
  SHOP_KEY,
  startHarness,
} from './support/harness.ts';

let harness: Harness;
let now_ms = Date.now();
before(async () => {
  harness = await startHarness();
  await harness.insertCalls([makeCall({ project: 'shop' })]);
});
after(() => harness.stop());

const freshnessOf = (registry?: Registry) =>
  createFreshness({
    warehouse: harness.reader,
    database: 'plumbline',
    calls_days: 90,
    stall_ms: 60_000,
    now: () => now_ms,
    ...(registry ? { registry } : {}),
  });

test('a heartbeat goes the way of all calls, is in no project’s numbers, and its age tells whether the line moves', async (t) => {
  const registry = new Registry();
  const freshness = freshnessOf(registry);
  assert.equal(await freshness.newest(), undefined);
  await freshness.check();
  assert.match(await registry.metrics(), /^plumbline_heartbeat_age_seconds Nan$/m);

  const collector = startTestCollector((block) => harness.writer.insert(block));
  t.after(() => collector.stop());
  const before = collector.ledger.snapshot(OWN_PROJECT);
  const beats = startHeartbeats({
    beat: () => collector.beat(),
    interval_ms: 50,
    registry,
    log: () => {},
  });
  await eventually(async () => {
    assert.match(await registry.metrics(), /plumbline_heartbeats_total\{outcome="stored"\} [3-9]/);
  }, 10_000);
  beats.stop();
  assert.deepEqual(collector.ledger.snapshot(OWN_PROJECT), before, 'heartbeats are not on the ledger');

  now_ms = Date.now();
  const newest = await freshness.newest();
  assert.ok(newest && newest.age_ms < 30_000 && newest.inserted_ms >= newest.started_ms - 1_000);
  assert.match(await registry.metrics(), /^plumbline_heartbeat_age_seconds \d/m);
  const { rows } = await harness.reader.query<{ rows: number; scope: string }>(
    'SELECT count() AS rows, any(scope) AS scope FROM plumbline.calls FINAL WHERE project = {own:String}',
    { params: { own: OWN_PROJECT } },
  );
  assert.ok(rows[0]!.rows <= 2 && rows[0]!.scope === HEARTBEAT_SCOPE, 'one row an hour');
  for (const [key, calls] of [
    [SHOP_KEY, 1],
    [OTHER_KEY, 0],
  ] as const) {
    assert.deepEqual(await rowsOf(harness.app, '/v1/rollups?from=now-3d&metrics=calls', key), [{ calls }]);
  }

  await freshness.check();
  now_ms += 90_000;
  await assert.rejects(freshness.check(), /heartbeat .* is \d+ s old, more than PLUMBLINE_STALL_S/);
  await freshnessOf().check();
});

test('the status tells the heartbeat, and null where there is none to tell', async () => {
  now_ms = Date.now();
  const other = await startHarness();
  assert.equal((await get(other.app, '/v1/status')).json.heartbeat, null);
  await other.stop();
  const app = await createQueryApi({
    warehouse: harness.reader,
    database: 'plumbline',
    keyRing: createKeyRing({ read: [], ingest: [] }),
    user_ids: 'raw',
    retention: RETENTION,
    freshness: freshnessOf(),
    version: '0',
  });
  const { heartbeat } = (await get(app, '/v1/status', null)).json;
  assert.ok(heartbeat.age_s >= 0 && heartbeat.delay_s >= 0);
  assert.ok(Date.parse(heartbeat.started_at) <= Date.now());
  await app.close();
});

test('a heartbeat that cannot be stored is counted, and the next is sent all the same', async () => {
  const registry = new Registry();
  const beats = startHeartbeats({
    beat: () => Promise.reject(new Error('down')),
    interval_ms: 20,
    registry,
    log: () => {},
  });
  await eventually(async () => {
    assert.match(await registry.metrics(), /\{outcome="failed"\} [3-9]/);
  }, 5_000);
  beats.stop();
});

test('the status tells how far settling has come and what its audit found', async () => {
  const none = { settings: { mutations_sync: 2 } };
  await harness.writer.command('ALTER TABLE plumbline.examined DELETE WHERE 1', none);
  const before = (await get(harness.app, '/v1/status')).json;
  assert.deepEqual([before.settling, before.rollup_audit], [null, null]);
  await harness.writer.command('INSERT INTO plumbline.examined (upto) VALUES (now64(3) - INTERVAL 1 HOUR)');
  const hour = Math.floor(Date.now() / 3_600_000);
  const rows = (project: string, hours_ago: number, more: object) => ({
    project,
    hour: hour - hours_ago,
    ...more,
  });
  await harness.writer.insertRows('audits', [
    rows('shop', 3, { version: 1, differences: 0 }),
    rows('shop', 4, { version: 1, differences: 3 }),
    rows('other', 5, { version: 1, differences: 1 }),
  ]);
  const watermark = Math.floor(Date.now() / 1000);
  await harness.writer.insertRows('settled', [
    rows('shop', 3, { version: 5, watermark }),
    rows('shop', 3, { version: 6, watermark }),
    rows('shop', 4, { version: 0, watermark }),
  ]);
  const { settling, rollup_audit } = (await get(harness.app, '/v1/status')).json;
  assert.ok(settling.lag_s > 3_500 && settling.lag_s < 3_700, String(settling.lag_s));
  assert.equal(settling.settled_hours, 1);
  assert.deepEqual([rollup_audit.audited_hours, rollup_audit.differing_hours], [2, 1]);
  assert.ok(Date.parse(rollup_audit.newest_at) > Date.now() - 60_000);
});
