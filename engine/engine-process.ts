import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const OUTPUT_TAIL_CHARS = 16_384;

export interface EngineProcess {
  pid: number | undefined;
  /** Resolves with how it ended, such as "exit code 1" or "signal SIGKILL"; never rejects. */
  ended: Promise<string>;
  /** How it ended, undefined while it runs. */
  end(): string | undefined;
  /** The last of what it wrote to stderr, bounded. */
  outputTail(): string;
  kill(): void;
}

/** Starts the engine's process. It ends with this one, however this one ends. */
export function spawnEngine(libraryPath: string, args: string[]): EngineProcess {
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL('./child.ts', import.meta.url)), libraryPath, ...args],
    {
      // fd 3 is held open for as long as this process lives: its end is what ends an orphan.
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      // A session of its own: Ctrl-C in the terminal must reach only us, who drain before we stop the engine.
      detached: true,
      // Nothing of our environment: it may hold secrets, and NODE_OPTIONS meant for us.
      env: { TZ: 'UTC' },
    },
  );

  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-OUTPUT_TAIL_CHARS);
  });
  const pipe = child.stdio[3] as Socket | null | undefined;
  pipe?.on('error', () => {}).resume();

  let end: string | undefined;
  const ended = new Promise<string>((resolve) => {
    const settle = (how: string) => {
      end ??= how;
      resolve(end);
    };
    child.once('error', (error) => {
      output += `\n${error.message}`;
      settle(error.message);
    });
    // 'close' comes after the last of stderr, 'exit' may come before it.
    child.once('close', (code, signal) => settle(signal ? `signal ${signal}` : `exit code ${code}`));
  });

  return {
    pid: child.pid,
    ended,
    end: () => end,
    outputTail: () => output,
    kill: () => void child.kill('SIGKILL'),
  };
}
