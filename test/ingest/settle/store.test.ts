import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, type SettleStore, watermarkOf } from '../../../ingest/settle/store.ts';
import type { QueryOptions, Warehouse } from '../../../schemas/seams.ts';
import { createCallHours } from '../../../schemas/tables/call-hours.ts';

type Said = { sql: string; settings: QueryOptions['settings'] };

/** No cluster can be had here: what would be said to one of two replicas, in order. */
function recorded(cluster?: string): { store: SettleStore; said: Said[] } {
  const said: Said[] = [];
  const warehouse = {
    query: async (sql: string, options?: QueryOptions) => {
      said.push({ sql, settings: options?.settings });
      return { rows: [{ watermark_ms: 7, replicas: 2 }], rows_read: 0 };
    },
    command: async (sql: string, options?: QueryOptions) => {
      said.push({ sql, settings: options?.settings });
    },
  } as unknown as Warehouse;
  const store = { warehouse, database: 'plumbline', calls_days: 90, now: Date.now };
  return { store: cluster === undefined ? store : { ...store, cluster }, said };
}

test('on a cluster a watermark holds for the replica that is asked: it fetches what others have, after the time was taken', async () => {
  const { store, said } = recorded('main');
  assert.equal(await watermarkOf(store), 7);
  assert.match(said[0]!.sql, /clusterAllReplicas\('main', system\.processes\)/);
  assert.equal(said[1]!.sql, 'SYSTEM SYNC REPLICA plumbline.calls LIGHTWEIGHT');

  const steps = createCallHours({ database: 'plumbline', cluster: 'main' });
  const waited = steps.findIndex((step) => typeof step !== 'string');
  assert.equal(steps[waited + 1], 'SYSTEM SYNC REPLICA plumbline.calls LIGHTWEIGHT');
});

test('on a cluster what settling and erasing write is on every replica when its statement ends', async () => {
  const { store, said } = recorded('main');
  await run(store, 'INSERT INTO plumbline.examined SELECT 1', { mutations_sync: 2 });
  const { insert_quorum, mutations_sync } = said.at(-1)!.settings!;
  assert.deepEqual([insert_quorum, mutations_sync], [2, 2]);
});

test('one server is told nothing of replicas', async () => {
  const { store, said } = recorded();
  await watermarkOf(store);
  await run(store, 'INSERT INTO plumbline.examined SELECT 1');
  const text = JSON.stringify([said, createCallHours({ database: 'plumbline' })]);
  assert.doesNotMatch(text, /quorum|REPLICA|clusterAllReplicas/);
});
