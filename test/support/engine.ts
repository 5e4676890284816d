import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, type EngineOptions, startEngine } from '../../engine/supervisor.ts';

export interface TestEngine {
  engine: Engine;
  dataDir: string;
  /** Ends the engine and removes its directory. */
  stop(): Promise<void>;
}

/** A real engine on a directory of its own under the system's temporary one. About half a second. */
export async function startTestEngine(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
  const dataDir = options.data_dir ?? mkdtempSync(join(tmpdir(), 'plumbline-engine-'));
  const engine = await startEngine({ max_memory_bytes: 2 ** 31, ...options, data_dir: dataDir });
  return {
    engine,
    dataDir,
    async stop() {
      await engine.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs `use` with a real engine and cleans up after it, whatever happens. */
export async function withEngine<T>(
  use: (test: TestEngine) => Promise<T>,
  options: Partial<EngineOptions> = {},
): Promise<T> {
  const test = await startTestEngine(options);
  try {
    return await use(test);
  } finally {
    await test.stop();
  }
}

/** Sends a statement over plain HTTP and gives the reply, for tests of the engine itself. */
export async function ask(
  url: string,
  user: { username: string; password: string } | undefined,
  statement: string,
  search = '',
): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> = user
    ? { 'x-clickhouse-user': user.username, 'x-clickhouse-key': user.password }
    : {};
  const response = await fetch(`${url}/${search}`, { method: 'POST', headers, body: statement });
  return { status: response.status, text: (await response.text()).trim() };
}
