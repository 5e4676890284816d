import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { definitions } from '../../../schemas/settings/definitions.ts';
import { settingsHelp, settingsMarkdown } from '../../../schemas/settings/help.ts';
import { parseSettings, SettingsError } from '../../../schemas/settings/load.ts';

test('without anything set, every setting has its default, and the object is frozen', () => {
  const settings = parseSettings({});
  assert.equal(settings.host, '127.0.0.1');
  assert.equal(settings.otlp_port, 4318);
  assert.equal(settings.api_port, 8080);
  assert.equal(settings.redact, true);
  assert.equal(settings.user_ids, 'pseudonym');
  assert.equal(settings.otlp_max_bytes, 20 * 1024 * 1024);
  assert.deepEqual(settings.ingest_keys, []);
  assert.equal(settings.kafka_brokers, undefined);
  assert.ok(Object.isFrozen(settings));
});

test('values are read as what they are', () => {
  const settings = parseSettings({
    PLUMBLINE_OTLP_PORT: '0',
    PLUMBLINE_REDACT: 'off',
    KAFKA_BROKERS: 'a:9092, b:9093',
    PLUMBLINE_INGEST_KEYS: 'shop=0123456789abcdef,other=fedcba9876543210==',
  });
  assert.equal(settings.otlp_port, 0);
  assert.equal(settings.redact, false);
  assert.deepEqual(settings.kafka_brokers, ['a:9092', 'b:9093']);
  assert.deepEqual(settings.ingest_keys, [
    { project: 'shop', key: '0123456789abcdef' },
    { project: 'other', key: 'fedcba9876543210==' },
  ]);
});

test('an empty variable is one that is not set', () => {
  assert.equal(parseSettings({ PLUMBLINE_OTLP_PORT: '' }).otlp_port, 4318);
  assert.equal(parseSettings({ CLICKHOUSE_URL: '' }).clickhouse_url, undefined);
});

test('bad values are named, all of them at once, with what is allowed; secrets are not shown', () => {
  const environment = {
    PLUMBLINE_OTLP_PORT: 'http',
    PLUMBLINE_USER_IDS: 'hashed',
    CLICKHOUSE_URL: 'clickhouse:8123',
    KAFKA_BROKERS: 'broker',
    PLUMBLINE_HASH_KEY: 'too short and secret',
    PLUMBLINE_READ_KEYS: 'shop=short',
  };
  assert.throws(
    () => parseSettings(environment),
    (error: unknown) => {
      assert.ok(error instanceof SettingsError);
      for (const variable of Object.keys(environment))
        assert.match(error.message, new RegExp(`^${variable}`, 'm'));
      assert.match(error.message, /PLUMBLINE_USER_IDS is 'hashed': .*pseudonym.*raw.*drop/);
      assert.doesNotMatch(error.message, /too short and secret|=short/);
      return true;
    },
  );
});

test('a secret may come from a file; from both places it is refused; a file that is missing is named', () => {
  const directory = mkdtempSync(join(tmpdir(), 'plumbline-settings-'));
  const file = join(directory, 'key');
  writeFileSync(file, `${'k'.repeat(40)}\n`);
  assert.equal(parseSettings({ PLUMBLINE_HASH_KEY_FILE: file }).hash_key, 'k'.repeat(40));
  assert.throws(
    () => parseSettings({ PLUMBLINE_HASH_KEY_FILE: file, PLUMBLINE_HASH_KEY: 'k'.repeat(32) }),
    /PLUMBLINE_HASH_KEY and PLUMBLINE_HASH_KEY_FILE are both set/,
  );
  assert.throws(
    () => parseSettings({ CLICKHOUSE_PASSWORD_FILE: join(directory, 'none') }),
    /CLICKHOUSE_PASSWORD_FILE: cannot read/,
  );
  rmSync(directory, { recursive: true });
});

test('help and table name every setting', () => {
  for (const { variable } of Object.values(definitions)) {
    assert.ok(settingsHelp().includes(variable), variable);
    assert.ok(settingsMarkdown().includes(`\`${variable}\``), variable);
  }
});
