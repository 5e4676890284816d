import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockDataDirectory } from '../../engine/data-lock.ts';
import { processIdentity } from '../../engine/process-identity.ts';

const root = mkdtempSync(join(tmpdir(), 'plumbline-lock-'));
after(() => rmSync(root, { recursive: true, force: true }));

function directoryWithLock(text?: string): string {
  const directory = mkdtempSync(join(root, 'd-'));
  if (text !== undefined) writeFileSync(join(directory, 'engine.lock'), text);
  return directory;
}

test('a directory is locked once, and again after its release', async () => {
  const directory = directoryWithLock();
  const lock = await lockDataDirectory(directory);
  await assert.rejects(lockDataDirectory(directory), {
    name: 'EngineError',
    message: `The data directory ${directory} is in use by process ${process.pid} (plumbline); stop it, or set PLUMBLINE_DATA_DIR to another directory.`,
  });
  lock.release();
  assert.ok(!existsSync(join(directory, 'engine.lock')));
  (await lockDataDirectory(directory)).release();
});

test('a lock whose holder is dead is taken over', async () => {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  const identity = processIdentity(child.pid!);
  await once(child, 'exit');
  const directory = directoryWithLock(
    JSON.stringify({ program: 'plumbline', holder: { pid: child.pid, identity } }),
  );
  const lock = await lockDataDirectory(directory);
  assert.equal(JSON.parse(readFileSync(join(directory, 'engine.lock'), 'utf8')).holder.pid, process.pid);
  lock.release();
});

test('a lock whose process id now belongs to another program is taken over', async () => {
  const holder = { pid: process.pid, identity: 'of a process before this one' };
  const lock = await lockDataDirectory(directoryWithLock(JSON.stringify({ program: 'plumbline', holder })));
  lock.release();
});

test('a lock left empty by a crash is taken over', async () => {
  (await lockDataDirectory(directoryWithLock(''))).release();
});

test('an engine that outlives its killed holder is waited for, and killed when it stays', async () => {
  const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const engine = { pid: orphan.pid, identity: processIdentity(orphan.pid!) };
  const ended = once(orphan, 'exit');
  const holder = { pid: process.pid, identity: 'of a process before this one' };
  const directory = directoryWithLock(JSON.stringify({ program: 'plumbline', holder, engine }));
  const lock = await lockDataDirectory(directory);
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  lock.release();
});

test('of many that find a stale lock at once, one gets it', async () => {
  const holder = { pid: process.pid, identity: 'of a process before this one' };
  const directory = directoryWithLock(JSON.stringify({ program: 'plumbline', holder }));
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDirectory(directory)));
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
});
