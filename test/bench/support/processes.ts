/** The project's processes as children, and what the kernel says they use (Linux: /proc). */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** As package.json starts the collector; every contender has them. */
const NODE_FLAGS = ['--max-semi-space-size=32'];
const TICKS_PER_S = 100;
const START_TIMEOUT_MS = 60_000;
const PAGE_BYTES = 4096;

/** User and system time of all threads since the start of the process, in microseconds; a tick is 10 ms. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_S) * 1e6;
}

/** Resident bytes. */
export function residentOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
}

/** Process ids of the children: the embedded size has one, the engine. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

/** Waits until the process has used under 5 % of a core for `quiet_ms`; gives the CPU at the start of that time. */
export async function settled(pid: number, quiet_ms = 6_000, timeout_ms = 120_000): Promise<number> {
  const STEP_MS = 500;
  const deadline = Date.now() + timeout_ms;
  let quietSince = cpuOf(pid);
  let quiet = 0;
  while (quiet < quiet_ms && Date.now() < deadline) {
    const before = cpuOf(pid);
    await sleep(STEP_MS);
    if (cpuOf(pid) - before < STEP_MS * 1000 * 0.05) quiet += STEP_MS;
    else {
      quiet = 0;
      quietSince = cpuOf(pid);
    }
  }
  return quietSince;
}

export interface Service {
  pid: number;
  /** What the pattern caught in a line of its output. */
  said: RegExpExecArray[];
  /** The first lines it has written. */
  output: readonly string[];
  stop(): Promise<void>;
}

/** Starts a program of the project and resolves when its output has matched every pattern. */
export async function startService(
  file: string,
  settings: Record<string, string>,
  patterns: readonly RegExp[],
  args: string[] = [],
): Promise<Service> {
  const child = spawn(process.execPath, [...NODE_FLAGS, `${ROOT}${file}`, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, PLUMBLINE_LOG_LEVEL: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  const missing = new Map(patterns.map((pattern, index) => [index, pattern]));
  const said: RegExpExecArray[] = [];
  const ready = Promise.withResolvers<void>();
  const read = (line: string): void => {
    if (output.length < 200) output.push(line);
    for (const [index, pattern] of missing) {
      const match = pattern.exec(line);
      if (!match) continue;
      said[index] = match;
      missing.delete(index);
    }
    if (missing.size === 0) ready.resolve();
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', read);
  const fail = (why: string): void => ready.reject(new Error(`${file} ${why}\n${output.join('\n')}`));
  child.once('exit', (code, signal) => fail(`ended (${signal ?? code})`));
  const timer = setTimeout(() => fail('is not up after a minute'), START_TIMEOUT_MS);
  try {
    await ready.promise;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { pid: child.pid!, said, output, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** A worker of a bench with a channel for messages. */
export function startWorker(file: string): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), { stdio: 'inherit' });
}
