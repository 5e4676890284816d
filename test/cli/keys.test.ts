import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { followKeysTable } from '../../adapters/wiring.ts';
import { createQueryApi } from '../../query-api/server.ts';
import { createKeyRing, hashKey } from '../../schemas/identity/key-ring.ts';
import { recordSeedKeys } from '../../schemas/identity/keys-table.ts';
import { get, type Harness, RETENTION, startHarness } from '../query-api/support/harness.ts';
import { eventually } from '../support/eventually.ts';
import { plumbline as run } from '../support/plumbline.ts';
import { makeCall } from '../support/rows.ts';

const SEED = 'a-key-of-the-settings-0123456789';

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls([makeCall({ project: 'shop' })]);
});
after(() => harness.stop());

const plumbline = (...args: string[]) => run(harness.engine, ['keys', ...args]);

/** A query API that follows the table as processes do, only sooner. */
async function startApi() {
  const keyRing = createKeyRing({ read: [{ project: 'seeded', key: SEED }], ingest: [] });
  const { reader } = harness;
  const app = await createQueryApi({
    warehouse: reader,
    database: 'plumbline',
    keyRing,
    user_ids: 'raw',
    retention: RETENTION,
    version: '0',
  });
  const following = await followKeysTable(reader, 'plumbline', keyRing, () => {}, 50);
  return {
    keyRing,
    calls: (key: string) => get(app, '/v1/rollups?from=now-3d&metrics=calls', key),
    async stop() {
      following.stop();
      await app.close();
    },
  };
}

test('a key is printed once, stored as a hash, taken up and dropped by a running process; two are live at once', async (t) => {
  const api = await startApi();
  t.after(api.stop);
  const old = await plumbline('create', '--project', 'shop', '--kind', 'read', '--label', 'dashboard');
  assert.equal(old.code, 0, old.stderr);
  const [, id] = /^plk_read_([0-9a-f]{10})_[A-Za-z0-9_-]{43}$/.exec(old.stdout)!;
  const stored = await harness.reader.query<{ hash: string; row: string }>(
    'SELECT lower(hex(key_hash)) AS hash, toString(tuple(*)) AS row FROM plumbline.keys FINAL',
  );
  assert.deepEqual(
    stored.rows.map(({ hash }) => hash),
    [hashKey(old.stdout)],
  );
  assert.ok(!stored.rows[0]!.row.includes(old.stdout.slice(-43)), 'the secret is nowhere in the table');

  await eventually(async () => assert.equal((await api.calls(old.stdout)).status, 200), 2_000);
  assert.equal((await api.calls(old.stdout)).json.rows[0].calls, 1, 'it opens its own project');
  assert.equal((await api.calls(SEED)).json.rows[0].calls, 0, 'a key of the settings opens its own');

  const next = await plumbline('create', '--project', 'shop', '--kind', 'read', '--json');
  const { key } = JSON.parse(next.stdout) as { key: string };
  await eventually(async () => assert.equal((await api.calls(key)).status, 200), 2_000);
  assert.equal((await api.calls(old.stdout)).status, 200, 'both are live');

  const revoked = await plumbline('revoke', id!);
  assert.equal(revoked.code, 0, revoked.stderr);
  await eventually(async () => assert.equal((await api.calls(old.stdout)).status, 401), 2_000);
  assert.equal((await api.calls(key)).status, 200);
  assert.equal((await plumbline('revoke', old.stdout)).code, 0, 'again, by the key itself');
});

test('a revoked last key leaves the door shut, and an ingest key does not read', async (t) => {
  const api = await startApi();
  t.after(api.stop);
  const made = await plumbline('create', '--project', 'shop', '--kind', 'ingest', '--json');
  const { id, key } = JSON.parse(made.stdout) as { id: string; key: string };
  await eventually(async () => assert.equal((await api.calls(key)).status, 403), 2_000);
  assert.deepEqual(api.keyRing.find('ingest', key), { outcome: 'ok', project: 'shop' });
  await plumbline('revoke', id);
  await eventually(
    async () => assert.deepEqual(api.keyRing.find('ingest', key), { outcome: 'unknown' }),
    2_000,
  );
  assert.deepEqual(api.keyRing.find('ingest', undefined), { outcome: 'missing' });
});

test('the list names every key and no secret; what cannot be is refused with a sentence', async () => {
  await recordSeedKeys(harness.writer, 'plumbline', { read: [{ project: 'seeded', key: SEED }], ingest: [] });
  const { stdout } = await plumbline('list');
  assert.match(stdout, /^id +project +kind +label +created +revoked/);
  assert.match(stdout, /dashboard/);
  assert.match(stdout, /–.*seeded.*settings/);
  assert.doesNotMatch(stdout, /plk_/);
  const listed = JSON.parse((await plumbline('list', '--json')).stdout);
  assert.equal(listed.length, 4);

  const unknown = await plumbline('revoke', 'ffffffffff');
  assert.deepEqual([unknown.code, unknown.stderr.includes("No key has the id 'ffffffffff'")], [1, true]);
  assert.equal((await plumbline('create', '--kind', 'admin')).code, 2);
  assert.equal((await plumbline('create')).code, 2);
  assert.equal((await plumbline('create', '--kind', 'read', '--project', '_plumbline')).code, 2);
});
