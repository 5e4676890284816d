/** What keeps a process from starting is said in a sentence with the fix, and harms nobody else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { definitions } from '../../schemas/settings/definitions.ts';
import { type Embedded, startEmbedded } from '../support/embedded.ts';
import { type Folder, ready, runFile, temporaryFolder } from '../support/processes.ts';

const MAINS = ['main.ts', 'collector/main.ts', 'ingest/main.ts', 'query-api/main.ts'];
const FAILED = 1;
const USAGE = 2;

let folder: Folder;
let embedded: Embedded;
before(async () => {
  folder = temporaryFolder('refused');
  embedded = await startEmbedded();
});
after(async () => {
  await embedded?.stop();
  folder.remove();
});

const EMBEDDED = (name: string) => ({
  PLUMBLINE_DATA_DIR: join(folder.path, name),
  PLUMBLINE_OTLP_PORT: '0',
  PLUMBLINE_API_PORT: '0',
});

/** Starts what must not start, and gives what it said; no stack trace is a sentence. */
async function refusal(file: string, env: Record<string, string>, code: number, args: string[] = []) {
  const process = runFile(file, { env, args, cwd: folder.path });
  const exit = await process.exited;
  const output = process.output();
  assert.equal(exit.code, code, output);
  assert.doesNotMatch(output, /\n\s+at /);
  return output;
}

test('a second process on the same data directory is refused, and the first goes on', async () => {
  const output = await refusal(
    'main.ts',
    { ...embedded.env, PLUMBLINE_OTLP_PORT: '0', PLUMBLINE_API_PORT: '0' },
    FAILED,
  );
  assert.match(output, /is in use by process \d+/);
  assert.ok(output.includes(embedded.data_dir), output);
  assert.ok(output.includes(`process ${embedded.process().pid} `), output);
  assert.match(output, /PLUMBLINE_DATA_DIR/);
  await ready(embedded.otlp);
  await ready(embedded.api);
});

test('a port in use is named, with the setting that changes it', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  for (const variable of ['PLUMBLINE_OTLP_PORT', 'PLUMBLINE_API_PORT']) {
    const output = await refusal('main.ts', { ...EMBEDDED('port'), [variable]: String(port) }, FAILED);
    assert.match(output, new RegExp(`Port ${port} is in use`));
    assert.ok(output.includes(variable), output);
  }
  await once(taken.close(), 'close');
});

test('what a failed start leaves behind does not hold the next one up', async () => {
  const process = runFile('main.ts', { env: EMBEDDED('port'), cwd: folder.path });
  await process.says(/Plumbline is up/);
  assert.equal((await process.end('SIGTERM')).code, 0);
});

test('on an address that others can reach it does not start without keys, in any part', async () => {
  const open = { PLUMBLINE_HOST: '0.0.0.0' };
  const key = 'shop=a-key-of-sixteen-characters-and-more';
  const secret = { PLUMBLINE_HASH_KEY: 'one secret of at least thirty-two characters' };
  const nowhere = { CLICKHOUSE_URL: 'http://127.0.0.1:1', KAFKA_BROKERS: '127.0.0.1:1' };
  const cases: [string, Record<string, string>, RegExp][] = [
    ['main.ts', EMBEDDED('exposed'), /set PLUMBLINE_INGEST_KEYS/],
    ['main.ts', { ...EMBEDDED('exposed'), PLUMBLINE_INGEST_KEYS: key }, /set PLUMBLINE_READ_KEYS/],
    ['collector/main.ts', { ...secret, ...nowhere }, /set PLUMBLINE_INGEST_KEYS/],
    ['query-api/main.ts', { ...secret, ...nowhere }, /set PLUMBLINE_READ_KEYS/],
  ];
  const ports = { PLUMBLINE_OTLP_PORT: '0', PLUMBLINE_API_PORT: '0' };
  for (const [file, env, sentence] of cases) {
    const output = await refusal(file, { ...ports, ...env, ...open }, FAILED);
    assert.match(output, /PLUMBLINE_HOST is 0\.0\.0\.0/);
    assert.match(output, sentence);
    assert.doesNotMatch(output, /a-key-of-sixteen/);
  }
});

test('a bad setting names itself and what is allowed, and a secret is not repeated', async () => {
  const output = await refusal(
    'main.ts',
    {
      PLUMBLINE_API_PORT: 'http',
      PLUMBLINE_USER_IDS: 'plain',
      PLUMBLINE_RETENTION_CALLS_DAYS: '0',
      PLUMBLINE_INGEST_KEYS: 'shop=hunter2',
    },
    USAGE,
  );
  assert.match(output, /PLUMBLINE_API_PORT is 'http'/);
  assert.match(output, /PLUMBLINE_USER_IDS is 'plain'.*"pseudonym"\|"raw"\|"drop"/);
  assert.match(output, /PLUMBLINE_RETENTION_CALLS_DAYS is '0'/);
  assert.match(output, /PLUMBLINE_INGEST_KEYS is \(a secret\).*at least 16 characters/);
  assert.doesNotMatch(output, /hunter2/);
});

test('settings come from a .env file too, and from the files that *_FILE names', async () => {
  const place = temporaryFolder('dotenv');
  writeFileSync(join(place.path, '.env'), 'PLUMBLINE_LOG_LEVEL=loud\n');
  const process = runFile('main.ts', { cwd: place.path });
  assert.equal((await process.exited).code, USAGE);
  assert.match(process.output(), /PLUMBLINE_LOG_LEVEL is 'loud'/);
  place.remove();
  const output = await refusal('main.ts', { PLUMBLINE_HASH_KEY_FILE: join(folder.path, 'none') }, USAGE);
  assert.match(output, /PLUMBLINE_HASH_KEY_FILE: cannot read '.*none'/);
});

test('what a part cannot do without is named', async () => {
  const secret = { PLUMBLINE_HASH_KEY: 'one secret of at least thirty-two characters' };
  const cases: [string, Record<string, string>, RegExp][] = [
    ['collector/main.ts', {}, /PLUMBLINE_HASH_KEY is not set/],
    ['query-api/main.ts', {}, /PLUMBLINE_HASH_KEY is not set/],
    ['collector/main.ts', secret, /KAFKA_BROKERS is not set/],
    ['ingest/main.ts', {}, /CLICKHOUSE_URL is not set/],
    ['ingest/main.ts', { CLICKHOUSE_URL: 'http://127.0.0.1:1' }, /KAFKA_BROKERS is not set/],
    ['query-api/main.ts', secret, /CLICKHOUSE_URL is not set/],
    [
      'main.ts',
      { ...EMBEDDED('prices'), PLUMBLINE_PRICES: 'none.json' },
      /PLUMBLINE_PRICES: cannot read 'none\.json'/,
    ],
  ];
  await Promise.all(
    cases.map(async ([file, env, sentence]) => assert.match(await refusal(file, env, FAILED), sentence)),
  );
});

test('--help prints every setting, and anything else on the command line is refused', async () => {
  const check = async (file: string): Promise<void> => {
    const help = await refusal(file, {}, 0, ['--help']);
    for (const { variable } of Object.values(definitions)) assert.ok(help.includes(variable), variable);
    assert.match(await refusal(file, {}, USAGE, ['--port=1']), /'--port=1' is not known.*--help/);
  };
  await Promise.all(MAINS.map(check));
});
