import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, startTestEngine, type TestEngine } from '../support/engine.ts';

describe('users of the engine', () => {
  let test_engine: TestEngine;
  const asWriter = (sql: string, search?: string) =>
    ask(test_engine.engine.url, test_engine.engine.writer, sql, search);
  const asReader = (sql: string, search?: string) =>
    ask(test_engine.engine.url, test_engine.engine.reader, sql, search);
  const anonymous = (sql: string) => ask(test_engine.engine.url, undefined, sql);

  before(async () => {
    test_engine = await startTestEngine();
    for (const sql of [
      'CREATE TABLE plumbline.t (a Int64) ENGINE = ReplacingMergeTree ORDER BY a',
      'INSERT INTO plumbline.t SELECT number FROM numbers(1000)',
    ]) {
      assert.equal((await asWriter(sql)).status, 200, sql);
    }
  });
  after(() => test_engine.stop());

  test('the writer does everything in its database', async () => {
    for (const sql of [
      'ALTER TABLE plumbline.t ADD COLUMN b String',
      'ALTER TABLE plumbline.t DELETE WHERE a = 1 SETTINGS mutations_sync = 1',
      'DELETE FROM plumbline.t WHERE a = 2',
      'OPTIMIZE TABLE plumbline.t FINAL',
      'CREATE VIEW plumbline.v AS SELECT a FROM plumbline.t FINAL',
      'CREATE TABLE plumbline.sum (a Int64) ENGINE = SummingMergeTree ORDER BY a',
      'CREATE MATERIALIZED VIEW plumbline.mv TO plumbline.sum AS SELECT a FROM plumbline.t',
      'SYSTEM STOP MERGES plumbline.t',
      'SYSTEM START MERGES plumbline.t',
      'RENAME TABLE plumbline.v TO plumbline.w',
      'DROP TABLE plumbline.w',
      'DROP TABLE plumbline.mv',
      'TRUNCATE TABLE plumbline.sum',
      'CREATE DATABASE IF NOT EXISTS plumbline',
    ]) {
      const reply = await asWriter(sql);
      assert.equal(reply.status, 200, `${sql}: ${reply.text}`);
    }
  });

  test('the writer sees processes, parts and columns', async () => {
    for (const table of [
      'processes',
      'parts',
      'tables',
      'columns',
      'databases',
      'detached_parts',
      'mutations',
    ]) {
      assert.equal((await asWriter(`SELECT count() FROM system.${table}`)).status, 200, table);
    }
    const processes = await asWriter("SELECT user FROM system.processes WHERE query LIKE '%sleepEachRow%'");
    assert.notEqual(processes.text, '', "other users' queries are seen, as the watermark needs");
  });

  test('the writer does nothing outside its database', async () => {
    for (const sql of [
      'CREATE DATABASE other',
      'CREATE TABLE default.t (a Int64) ENGINE = MergeTree ORDER BY a',
      "SELECT * FROM file('/etc/hostname')",
      "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
      "INSERT INTO FUNCTION file('/tmp/never', CSV, 'a String') SELECT 'x'",
      "CREATE USER u IDENTIFIED BY 'p'",
      "CREATE USER plumbline IDENTIFIED BY 'p'",
      'CREATE FUNCTION f AS x -> x',
      'SYSTEM STOP LISTEN HTTP',
      'SYSTEM SHUTDOWN',
    ]) {
      const reply = await asWriter(sql);
      assert.match(reply.text, /ACCESS_DENIED/, `${sql}: ${reply.text}`);
    }
  });

  test('the writer cannot end the engine', async () => {
    await asWriter("KILL QUERY WHERE user != 'writer' SYNC");
    assert.equal((await asWriter("SELECT count() FROM system.processes WHERE user = ''")).text, '1');
  });

  test('the reader reads its database', async () => {
    assert.equal((await asReader('SELECT count() > 900 FROM plumbline.t FINAL')).text, '1');
    assert.equal((await asReader('SELECT {n:UInt8} + 1', '?param_n=1')).text, '2');
  });

  for (const sql of [
    'INSERT INTO plumbline.t (a) VALUES (1)',
    'ALTER TABLE plumbline.t DELETE WHERE 1',
    'DROP TABLE plumbline.t',
    'CREATE TABLE plumbline.u (a Int64) ENGINE = Memory',
    'CREATE TEMPORARY TABLE u (a Int64)',
    'SYSTEM STOP MERGES plumbline.t',
    "SELECT * FROM file('/etc/hostname')",
    'SELECT * FROM default.`/etc/hostname`',
    "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
    "SELECT * FROM remote('127.0.0.1', 'system', 'one')",
    "SELECT * FROM executable('x', CSV, 'a String')",
    'SELECT * FROM system.users',
    'SELECT * FROM system.processes',
    'SET readonly = 0',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT 1 SETTINGS max_execution_time = 31',
    'SELECT 1 SETTINGS max_execution_time = 0',
    'SELECT 1 SETTINGS max_memory_usage = 0',
    'SELECT 1 SETTINGS do_not_merge_across_partitions_select_final = 0',
  ]) {
    test(`the reader is refused: ${sql}`, async () => {
      const reply = await asReader(sql);
      assert.match(reply.text, /ACCESS_DENIED|READONLY|SETTING_CONSTRAINT_VIOLATION/, reply.text);
    });
  }

  test('the reader may not lift readonly by the address either', async () => {
    assert.match((await asReader('SELECT 1', '?readonly=0')).text, /READONLY/);
  });

  test('the reader may shape its answer and ask for a shorter limit', async () => {
    const search =
      '?enable_http_compression=1&wait_end_of_query=1&send_progress_in_http_headers=1&max_execution_time=5';
    const reply = await asReader("SELECT getSetting('max_execution_time')", search);
    assert.equal(reply.text, '5');
  });

  test('settings of reader and writer are in force', async () => {
    const settings = (names: string[]) => `SELECT ${names.map((name) => `getSetting('${name}')`).join(', ')}`;
    assert.equal(
      (
        await asWriter(
          settings(['async_insert', 'throw_on_max_partitions_per_insert_block', 'max_memory_usage']),
        )
      ).text,
      `false\tfalse\t${2 ** 31 * 0.75}`,
    );
    assert.equal(
      (
        await asReader(
          settings([
            'readonly',
            'max_execution_time',
            'do_not_merge_across_partitions_select_final',
            'cancel_http_readonly_queries_on_client_close',
            'max_memory_usage',
          ]),
        )
      ).text,
      `1\t30\ttrue\ttrue\t${2 ** 31 * 0.5}`,
    );
  });

  test('without a password every statement is refused', async () => {
    for (const sql of [
      'SELECT 1',
      'SELECT * FROM plumbline.t',
      'SYSTEM STOP LISTEN HTTP',
      'SHOW DATABASES',
    ]) {
      const reply = await anonymous(sql);
      assert.notEqual(reply.status, 200, sql);
      assert.match(reply.text, /USER_SESSION_LIMIT_EXCEEDED/, sql);
    }
    const wrong = { username: 'writer', password: '' };
    assert.match((await ask(test_engine.engine.url, wrong, 'SELECT 1')).text, /AUTHENTICATION_FAILED/);
  });

  test('the configuration is readable by its owner only', () => {
    for (const file of ['config.xml', 'users.xml']) {
      assert.equal(statSync(join(test_engine.dataDir, 'engine', file)).mode & 0o077, 0, file);
    }
  });
});
