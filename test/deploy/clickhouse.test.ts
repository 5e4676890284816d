/** The configuration of the ClickHouse container, tried in the engine: the same server, out of another package. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClickhouseWarehouse } from '../../adapters/clickhouse-warehouse.ts';
import { engineArguments } from '../../engine/config.ts';
import { locateLibrary } from '../../engine/library.ts';
import { eraseUser } from '../../ingest/settle/erase.ts';
import { createQueryApi } from '../../query-api/server.ts';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import { createKeyedHash } from '../../schemas/identity/keyed-hash.ts';
import { recordSeedKeys } from '../../schemas/identity/keys-table.ts';
import { BlockBuilder } from '../../schemas/native/block-builder.ts';
import { calls } from '../../schemas/record/calls.ts';
import type { WarehouseError } from '../../schemas/seams.ts';
import { migrate } from '../../schemas/tables/migrations.ts';
import { ask } from '../support/engine.ts';
import { freePorts } from '../support/kafka/broker.ts';
import { makeCall } from '../support/rows.ts';
import { root, textOf } from '../tidy/sources.ts';

const directory = mkdtempSync(join(tmpdir(), 'plumbline-deploy-'));
const database = 'plumbline';
const retention = { payloads_days: 14, calls_days: 90, rollups_days: 400 };
const writer = { username: 'plumbline_writer', password: 'writes' };
const storing = { username: 'plumbline_api', password: 'stores' };
const reader = { username: 'plumbline_reader', password: 'reads' };
let url = '';
let server: ReturnType<typeof spawn>;

/** Only the place and the port differ; the engine's own session needs a user that may listen. */
function writeConfig(http_port: number): string {
  const data = join(directory, 'data');
  for (const folder of ['config.d', 'users.d', 'data']) mkdirSync(join(directory, folder));
  const config = join(directory, 'config.xml');
  writeFileSync(config, textOf('deploy/clickhouse/config.xml'));
  writeFileSync(join(directory, 'users.xml'), textOf('deploy/clickhouse/users.xml'));
  writeFileSync(
    join(directory, 'config.d/place.xml'),
    `<clickhouse><path>${data}/</path><tmp_path>${data}/tmp/</tmp_path><http_port>${http_port}</http_port>
     <listen_host replace="1">127.0.0.1</listen_host><log-level>fatal</log-level></clickhouse>`,
  );
  writeFileSync(
    join(directory, 'users.d/session.xml'),
    `<clickhouse><users><default><password/><networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
     <profile>default</profile><quota>unlimited</quota>
     <grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants></default></users></clickhouse>`,
  );
  return config;
}

before(async () => {
  const [port] = await freePorts(1);
  const args = [join(root, 'engine/child.ts'), locateLibrary(), ...engineArguments(writeConfig(port!))];
  server = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: {
      TZ: 'UTC',
      CLICKHOUSE_PASSWORD: writer.password,
      CLICKHOUSE_API_PASSWORD: storing.password,
      CLICKHOUSE_READ_PASSWORD: reader.password,
    },
  });
  url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 30_000;
  while (!(await fetch(`${url}/ping`).catch(() => undefined))?.ok) {
    assert.ok(server.exitCode === null && Date.now() < deadline, 'the server did not start');
    await sleep(50);
  }
});

after(async () => {
  if (server.exitCode === null && server.signalCode === null) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  rmSync(directory, { recursive: true, force: true });
});

test('two of its users are enough: one migrates and inserts, the other answers queries', async () => {
  const writing = createClickhouseWarehouse({ url, ...writer, database });
  const reading = createClickhouseWarehouse({ url, ...reader, database });
  await migrate(writing, { database, retention });
  await migrate(writing, { database, retention: { ...retention, calls_days: 30 } });
  await recordSeedKeys(writing, database, { ingest: [{ project: 'shop', key: 'k'.repeat(16) }], read: [] });
  const block = new BlockBuilder(calls);
  for (const duration_ms of [100, 200]) block.append(makeCall({ duration_ms }));
  await writing.insert(await block.finish());

  const api = await createQueryApi({
    warehouse: reading,
    database,
    keyRing: createKeyRing({ ingest: [], read: [] }),
    keyedHash: createKeyedHash('h'.repeat(64)),
    user_ids: 'pseudonym',
    retention,
    version: '0',
  });
  const answer = await api.inject('/v1/latency?from=now-3d&group_by=model&metrics=calls,latency_p50_ms');
  assert.deepEqual(answer.json().rows, [{ model: 'small-chat-v1', calls: 2, latency_p50_ms: 150 }]);
  assert.equal((await api.inject('/v1/status')).statusCode, 200);
  await api.close();
  await Promise.all([writing.close(), reading.close()]);
});

test('the user of the query API stores what is sent to it and erases, and can do nothing else', async () => {
  const storage = createClickhouseWarehouse({ url, ...storing, database });
  const reading = createClickhouseWarehouse({ url, ...reader, database });
  const writing = createClickhouseWarehouse({ url, ...writer, database });
  const block = new BlockBuilder(calls);
  block.append(makeCall({ user_id: 'ann', status: 'error', error_type: 'timeout' }));
  await writing.insert(await block.finish());
  const api = await createQueryApi({
    warehouse: reading,
    writer: storage,
    eraseUser: (user) => eraseUser({ warehouse: storage, database, calls_days: 90, now: Date.now }, user),
    database,
    keyRing: createKeyRing({ ingest: [], read: [] }),
    keyedHash: createKeyedHash('h'.repeat(64)),
    user_ids: 'raw',
    retention,
    version: '0',
  });
  const send = async (method: 'POST' | 'DELETE', path: string, payload?: object) => {
    const { statusCode, json, body } = await api.inject({
      method,
      url: path,
      ...(payload ? { payload } : {}),
    });
    assert.equal(statusCode, 200, body);
    return json();
  };
  const score = { trace_id: '1'.repeat(32), span_id: '2'.repeat(16), name: 'accuracy', value: 1 };
  assert.deepEqual(await send('POST', '/v1/scores', score), { stored: 1, known: 0 });
  const query = 'baseline=model:small-chat-v1&candidate=model:b&from=now-3d';
  await send('POST', '/v1/snapshots', { name: 'kept', query });
  await send('DELETE', '/v1/snapshots/kept');
  const erased = await send('DELETE', '/v1/users/ann');
  assert.equal(erased.calls, 1);
  await api.close();
  await Promise.all([storage.close(), reading.close(), writing.close()]);
  for (const statement of [
    `INSERT INTO ${database}.calls (project) VALUES ('x')`,
    `INSERT INTO ${database}.keys (key_hash) VALUES ('x')`,
    `ALTER TABLE ${database}.keys DELETE WHERE 1`,
    `ALTER TABLE ${database}.calls DROP COLUMN model`,
    `DROP TABLE ${database}.calls`,
    `TRUNCATE TABLE ${database}.calls`,
    `CREATE TABLE ${database}.mine (x UInt8) ENGINE = Memory`,
    "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
  ]) {
    const { status, text } = await ask(url, storing, statement);
    assert.ok(status >= 400, `${statement}: ${status} ${text}`);
  }
});

test('who reads can neither write, nor reach files or hosts, nor lift its limits', async () => {
  const statements = [
    `INSERT INTO ${database}.keys (key_hash) VALUES ('x')`,
    `DROP TABLE ${database}.calls`,
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
    'SELECT 1 SETTINGS max_memory_usage = 0',
    'SELECT 1 SETTINGS max_execution_time = 3600',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT * FROM system.processes',
  ];
  for (const statement of statements) {
    const { status, text } = await ask(url, reader, statement);
    assert.ok(status >= 400, `${statement}: ${status} ${text}`);
  }
});

test('nobody gets in without the right password', async () => {
  const warehouse = createClickhouseWarehouse({
    url,
    username: writer.username,
    password: 'wrong',
    database,
  });
  await assert.rejects(warehouse.query('SELECT 1'), (error: WarehouseError) => error.code === 516);
  await warehouse.close();
});

test('there are no log tables', async () => {
  const { text } = await ask(
    url,
    writer,
    "SELECT name FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log'",
  );
  assert.equal(text, '');
});
