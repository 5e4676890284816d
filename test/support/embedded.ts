/** The embedded size as a user runs it: `node main.ts` on a data directory and two ports of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningProcess, ready, runFile, steadyPort, temporaryFolder } from './processes.ts';

export interface Embedded {
  otlp: string;
  api: string;
  data_dir: string;
  env: Record<string, string>;
  process(): RunningProcess;
  /** Id of the engine's process, as the lock of the data directory names it. */
  enginePid(): number;
  /** Starts again what has ended, on the same directory and ports. */
  start(): Promise<void>;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

export async function startEmbedded(env: Record<string, string> = {}): Promise<Embedded> {
  const folder = temporaryFolder('embedded');
  const data_dir = join(folder.path, 'data');
  const otlp_port = await steadyPort();
  const api_port = await steadyPort();
  const all = {
    PLUMBLINE_DATA_DIR: data_dir,
    PLUMBLINE_OTLP_PORT: String(otlp_port),
    PLUMBLINE_API_PORT: String(api_port),
    ...env,
  };
  const otlp = `http://127.0.0.1:${otlp_port}`;
  let running: RunningProcess | undefined;
  const start = async (): Promise<void> => {
    running = runFile('main.ts', { env: all, cwd: folder.path });
    await running.says(/Plumbline is up/);
    await ready(otlp);
  };
  try {
    await start();
  } catch (error) {
    await running?.end('SIGKILL');
    folder.remove();
    throw error;
  }
  return {
    otlp,
    api: `http://127.0.0.1:${api_port}`,
    data_dir,
    env: all,
    process: () => running!,
    enginePid() {
      const lock = JSON.parse(readFileSync(join(data_dir, 'engine.lock'), 'utf8')) as {
        engine: { pid: number };
      };
      return lock.engine.pid;
    },
    start,
    async stop() {
      await running?.end('SIGKILL');
      folder.remove();
    },
  };
}
