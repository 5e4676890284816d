import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EngineConfig, engineArguments, serverConfig, usersConfig } from '../../engine/config.ts';

const config: EngineConfig = {
  directory: '/data/a <b> & "c"',
  database: 'plumbline',
  http_port: 8123,
  max_memory_bytes: 1000,
  max_read_s: 30,
  fsync: false,
  writer: { username: 'writer', password: 'secret-of-writer' },
  reader: { username: 'reader', password: 'secret-of-reader' },
  supervisor: { username: 'supervisor', password: 'secret-of-supervisor' },
};

test('a directory with markup characters is escaped', () => {
  const text = serverConfig(config);
  assert.ok(text.includes('<path>/data/a &#60;b&#62; &#38; &#34;c&#34;/data/</path>'));
  assert.ok(!text.includes('<b>'));
});

test('the server listens on loopback only and writes no system log tables', () => {
  const text = serverConfig(config);
  assert.deepEqual(
    [...text.matchAll(/<listen_host>(.*?)</g)].map((match) => match[1]),
    ['127.0.0.1'],
  );
  assert.ok(!/_log>/.test(text));
});

test('passwords stand in the configuration as hashes only', () => {
  const text = serverConfig(config) + usersConfig(config) + engineArguments('/data/config.xml').join(' ');
  assert.ok(!text.includes('secret-of'));
  assert.equal([...text.matchAll(/<password_sha256_hex>[0-9a-f]{64}</g)].length, 3);
});

test('memory caps follow the given bytes', () => {
  assert.ok(serverConfig(config).includes('<max_server_memory_usage>1000<'));
  const caps = [...usersConfig(config).matchAll(/<max_memory_usage>(\d+)</g)].map((match) => match[1]);
  assert.deepEqual(caps, ['750', '500']);
});

test('fsync is off unless asked for', () => {
  assert.ok(!serverConfig(config).includes('fsync_after_insert'));
  assert.ok(serverConfig({ ...config, fsync: true }).includes('<fsync_after_insert>1<'));
});
