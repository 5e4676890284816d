/** Processes as a user starts them: a main by its file, settings by the environment, output read as it comes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processIdentity } from '../../engine/process-identity.ts';
import { eventually } from './eventually.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const START_TIMEOUT_MS = 30_000;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** From the signal that `end` sent to the end of the process. */
  took_ms: number;
}

export interface RunningProcess {
  pid: number;
  stdout(): string;
  /** stdout and stderr in the order in which they came. */
  output(): string;
  /** Waits until stdout holds the pattern. Throws with the output when the process ends first. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal and waits for the end of the process. */
  end(signal: NodeJS.Signals): Promise<Exit>;
  exited: Promise<Exit>;
}

export interface RunOptions {
  /** Beside what every process needs; nothing that this project or OpenTelemetry reads is inherited. */
  env?: Record<string, string>;
  args?: string[];
  /** Options of Node itself, such as `--import`. */
  node?: string[];
  /** Working directory; the system's temporary one by default, where no `.env` of a developer lies. */
  cwd?: string;
}

const OURS = /^(PLUMBLINE_|KAFKA_|CLICKHOUSE_|OTEL_|NODE_)/;

function environment(own: Record<string, string>): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  return { ...Object.fromEntries(inherited), ...own };
}

/** Starts a file of the repository under this Node. It ends with this process, however this one ends. */
export function runFile(file: string, options: RunOptions = {}): RunningProcess {
  const child = spawn(
    process.execPath,
    [...(options.node ?? []), join(root, file), ...(options.args ?? [])],
    {
      cwd: options.cwd ?? tmpdir(),
      env: environment(options.env ?? {}),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const pid = child.pid!;
  endWithThisProcess(child);
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  let ending_at = performance.now();
  let ended = false;
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    ended = true;
    return { code, signal, took_ms: performance.now() - ending_at };
  });
  return {
    pid,
    stdout: () => stdout,
    output: () => output,
    exited,
    async says(pattern) {
      for (const deadline = performance.now() + START_TIMEOUT_MS; ; ) {
        const found = pattern.exec(stdout);
        if (found) return found;
        if (ended || performance.now() > deadline) {
          assert.fail(
            `${file} ${ended ? 'ended' : 'ran'} without saying ${pattern}:\n${output.slice(-4_000)}`,
          );
        }
        await Promise.race([once(child.stdout, 'data'), exited, once(AbortSignal.timeout(1_000), 'abort')]);
      }
    },
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      ending_at = performance.now();
      // A stopped process takes no signal but SIGKILL.
      if (signal !== 'SIGKILL') child.kill('SIGCONT');
      child.kill(signal);
      return exited;
    },
  };
}

/** A shell waits for the end of a pipe that only this process holds, so even SIGKILL leaves nothing behind. */
function endWithThisProcess(child: ChildProcess): void {
  const guard = spawn('sh', ['-c', 'read -r _; kill -9 "$0" 2>/dev/null', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  // Later the number may be another process's.
  child.once('exit', () => guard.kill('SIGKILL'));
  (guard.stdin as unknown as { unref(): void }).unref();
}

/** Waits until GET /readyz answers 200. Throws with the last answer. */
export async function ready(url: string, timeout_ms = START_TIMEOUT_MS): Promise<void> {
  await eventually(async () => {
    const reply = await fetch(`${url}/readyz`);
    const text = await reply.text();
    assert.equal(reply.status, 200, `${url}/readyz: ${text}`);
  }, timeout_ms);
}

export function isRunning(pid: number): boolean {
  return processIdentity(pid) !== undefined;
}

export interface Folder {
  path: string;
  remove(): void;
}

export function temporaryFolder(name: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `plumbline-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

const PORTS_FROM = 20_000;
const PORTS = 12_000;

/**
 * A free port that stays free while the process that owns it is down: below the range from which systems
 * give ports to outgoing connections.
 */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = PORTS_FROM + Math.floor(Math.random() * PORTS);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await once(server.close(), 'close');
    return port;
  }
}
