import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from './failure.ts';
import { processIdentity } from './process-identity.ts';

/** A running process, and what tells it from a later one with the same id. */
interface ProcessMark {
  pid: number;
  identity: string;
}

interface LockContent {
  program: string;
  holder: ProcessMark;
  /** The engine's process, which may outlive a killed holder by a moment. */
  engine?: ProcessMark;
}

export interface DataLock {
  /** Notes the engine's process, so that whoever takes a stale lock over can wait for its end. */
  noteEngine(pid: number): void;
  release(): void;
}

const ORPHAN_DEADLINE_MS = 10_000;
const ORPHAN_GRACE_MS = 1_000;

/**
 * Takes the data directory for this process. A lock whose holder has died, or whose id now belongs to
 * another program, is taken over once the dead holder's engine is gone too.
 * @throws EngineError naming the process that holds the directory
 */
export async function lockDataDirectory(dataDir: string): Promise<DataLock> {
  const path = join(dataDir, 'engine.lock');
  const content: LockContent = {
    program: 'plumbline',
    holder: { pid: process.pid, identity: processIdentity(process.pid) ?? '' },
  };
  while (!createLock(path, content)) {
    const held = await readLock(path);
    if (held?.text === undefined) continue;
    if (held.content !== undefined && runs(held.content.holder)) {
      const { holder, program } = held.content;
      throw new EngineError(
        `The data directory ${dataDir} is in use by process ${holder.pid} (${program}); stop it, or set PLUMBLINE_DATA_DIR to another directory.`,
      );
    }
    if (held.content?.engine) await waitForEnd(held.content.engine, dataDir);
    removeStale(path, held.text);
  }
  return {
    noteEngine(pid) {
      const engine = { pid, identity: processIdentity(pid) ?? '' };
      const next = `${path}.${process.pid}`;
      writeFileSync(next, JSON.stringify({ ...content, engine }));
      renameSync(next, path);
    },
    release() {
      rmSync(path, { force: true });
    },
  };
}

function createLock(path: string, content: LockContent): boolean {
  try {
    writeFileSync(path, JSON.stringify(content), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The lock's text and meaning; undefined when it has just been released. */
async function readLock(
  path: string,
): Promise<{ text: string; content: LockContent | undefined } | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const text = readFileSync(path, 'utf8');
      const content = parseLock(text);
      // Between its creation and its writing a lock is empty; a crash there leaves it so.
      if (content !== undefined || attempt === 5) return { text, content };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    await sleep(100);
  }
}

function parseLock(text: string): LockContent | undefined {
  try {
    const content = JSON.parse(text) as LockContent;
    return Number.isInteger(content.holder.pid) ? content : undefined;
  } catch {
    return undefined;
  }
}

function runs(mark: ProcessMark): boolean {
  return processIdentity(mark.pid) === mark.identity;
}

/** An orphaned engine ends by itself within moments; one that does not is killed. */
async function waitForEnd(engine: ProcessMark, dataDir: string): Promise<void> {
  const began = performance.now();
  while (runs(engine)) {
    const waited_ms = performance.now() - began;
    if (waited_ms > ORPHAN_DEADLINE_MS) {
      throw new EngineError(
        `The engine of a run that was killed (process ${engine.pid}) still holds the data directory ${dataDir}; end that process and start again.`,
      );
    }
    if (waited_ms > ORPHAN_GRACE_MS) killQuietly(engine.pid);
    await sleep(20);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the look and the signal, or is another user's: the deadline then tells.
  }
}

/** Removes the lock that was found stale, and puts back one that somebody else has taken meanwhile. */
function removeStale(path: string, staleText: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readFileSync(aside, 'utf8') === staleText) rmSync(aside);
  else renameSync(aside, path);
}
