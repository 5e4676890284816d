import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface ChildResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** From the start of the process to its end. */
  duration_ms: number;
}

export interface ChildOptions {
  /** Module for `--import`, relative to the repository. */
  register?: string;
  env?: Record<string, string>;
  /** Folder to run in, relative to the repository. */
  cwd?: string;
  /** Sent once the application has printed `ready`. */
  signal?: NodeJS.Signals;
}

/** Runs source text as an application of its own, from the repository's folder or one in it, with only the OTEL_* variables given. */
export async function runApplication(source: string, options: ChildOptions = {}): Promise<ChildResult> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|NODE_)/.test(name));
  const register = options.register ?? './tracer/register.ts';
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', register, '--input-type=module-typescript', '--eval', source],
    {
      cwd: root + (options.cwd ?? ''),
      env: { ...Object.fromEntries(inherited), ...options.env },
      timeout: 20_000,
    },
  );
  const output = [text(child.stdout), text(child.stderr)];
  if (options.signal) {
    const { signal } = options;
    child.stdout.once('data', () => child.kill(signal));
  }
  const [code, signal] = await once(child, 'close');
  const duration_ms = performance.now() - started;
  const [stdout = '', stderr = ''] = await Promise.all(output);
  return { code, signal, stdout, stderr, duration_ms };
}
