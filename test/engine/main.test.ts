import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processIdentity } from '../../engine/process-identity.ts';
import { ask } from '../support/engine.ts';

const root = mkdtempSync(join(tmpdir(), 'plumbline-engine-main-'));
const started = new Set<ChildProcess>();
after(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

function run(...args: string[]) {
  const main = fileURLToPath(new URL('../../engine/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  return { child, ended: once(child, 'close'), stderr: () => stderr };
}

async function ready(child: ChildProcess) {
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  return JSON.parse(line);
}

test('it prints where it listens, serves, and ends well on SIGTERM', async () => {
  const { child, ended, stderr } = run('--data-dir', join(root, 'a'));
  const { url, writer, reader, database } = await ready(child);
  assert.equal(database, 'plumbline');
  assert.equal((await ask(url, writer, 'SELECT 1')).text, '1');
  assert.equal((await ask(url, reader, 'SELECT 2')).text, '2');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(stderr(), '');
});

test('a second process on the directory is refused with one sentence', async () => {
  const dataDir = join(root, 'b');
  const first = run('--data-dir', dataDir);
  const { url, writer } = await ready(first.child);
  const second = run('--data-dir', dataDir);
  assert.deepEqual(await second.ended, [1, null]);
  assert.equal(
    second.stderr(),
    `The data directory ${dataDir} is in use by process ${first.child.pid} (plumbline); stop it, or set PLUMBLINE_DATA_DIR to another directory.\n`,
  );
  assert.equal((await ask(url, writer, 'SELECT 1')).text, '1');
  first.child.kill('SIGTERM');
  await first.ended;
});

test('the engine is gone soon after its parent is killed, and the next start has the data', async () => {
  const dataDir = join(root, 'c');
  const killed = run('--data-dir', dataDir);
  const before = await ready(killed.child);
  await ask(before.url, before.writer, 'CREATE TABLE plumbline.t (a Int64) ENGINE = MergeTree ORDER BY a');
  assert.equal((await ask(before.url, before.writer, 'INSERT INTO plumbline.t VALUES (42)')).status, 200);
  const { engine } = JSON.parse(readFileSync(join(dataDir, 'engine.lock'), 'utf8'));
  assert.equal(processIdentity(engine.pid), engine.identity);

  killed.child.kill('SIGKILL');
  const next = run('--data-dir', dataDir);
  const now = await ready(next.child);
  assert.equal((await ask(now.url, now.reader, 'SELECT a FROM plumbline.t')).text, '42');
  assert.notEqual(processIdentity(engine.pid), engine.identity);

  const { engine: second } = JSON.parse(readFileSync(join(dataDir, 'engine.lock'), 'utf8'));
  next.child.kill('SIGKILL');
  const began = performance.now();
  while (processIdentity(second.pid) === second.identity) {
    assert.ok(performance.now() - began < 3_000, 'the engine outlived its parent by 3 s');
    await sleep(20);
  }
});

test('--help explains, and a wrong option is told with the usage', async () => {
  const help = run('--help');
  assert.deepEqual(await help.ended, [0, null]);
  const wrong = run('--no-such-option');
  assert.deepEqual(await wrong.ended, [2, null]);
  assert.match(wrong.stderr(), /Unknown option '--no-such-option'[\s\S]*Usage: node engine\/main.ts/);
  const port = run('--http-port', 'high');
  assert.deepEqual(await port.ended, [1, null]);
  assert.equal(port.stderr(), '--http-port must be a whole number from 0 to 65535, not "high".\n');
});
