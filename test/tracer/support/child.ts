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
  /** From the application's last word, or from the signal, to the end of the process: how long it was held. */
  held_ms: number;
}

export interface ChildOptions {
  /** Module that is loaded first, relative to the folder that the application runs in. */
  register?: string;
  /** How it is loaded; `--import` unless said otherwise. */
  load?: '--import' | '--require';
  /** What the source text is; an ES module unless said otherwise. */
  input?: 'module' | 'commonjs';
  env?: Record<string, string>;
  /** Folder to run in, relative to the repository. */
  cwd?: string;
  /** Sent once the application has printed `ready`. */
  signal?: NodeJS.Signals;
}

/** A hook that puts another line of OpenTelemetry in the place of ours, when the suite runs against it. */
const LINE = process.env.PLUMBLINE_TEST_OTEL_LINE ? ['--import', process.env.PLUMBLINE_TEST_OTEL_LINE] : [];

/** Runs source text as an application of its own, from the repository's folder or one in it, with only the OTEL_* variables given. */
export async function runApplication(source: string, options: ChildOptions = {}): Promise<ChildResult> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|NODE_)/.test(name));
  const { register = './tracer/register.ts', load = '--import', input = 'module' } = options;
  const child = spawn(
    process.execPath,
    [...LINE, load, register, `--input-type=${input}-typescript`, '--eval', source],
    {
      cwd: root + (options.cwd ?? ''),
      env: { ...Object.fromEntries(inherited), ...options.env },
      timeout: 20_000,
    },
  );
  const output = [text(child.stdout), text(child.stderr)];
  let heard = performance.now();
  const { signal: sent } = options;
  if (sent) child.stdout.once('data', () => child.kill(sent));
  child.stdout.on('data', () => {
    heard = performance.now();
  });
  const [code, signal] = await once(child, 'close');
  const held_ms = performance.now() - heard;
  const [stdout = '', stderr = ''] = await Promise.all(output);
  return { code, signal, stdout, stderr, held_ms };
}
