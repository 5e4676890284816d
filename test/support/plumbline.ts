/** The `plumbline` command as a user runs it, against the engine of a test. */
import { execFile } from 'node:child_process';
import type { Engine } from '../../engine/supervisor.ts';

export interface CommandEnd {
  code: number;
  stdout: string;
  stderr: string;
}

export function plumbline(
  { url, writer }: Pick<Engine, 'url' | 'writer'>,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<CommandEnd> {
  const env = {
    ...process.env,
    CLICKHOUSE_URL: url,
    CLICKHOUSE_USER: writer.username,
    CLICKHOUSE_PASSWORD: writer.password,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['cli/main.ts', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout: stdout.trim(), stderr });
    });
  });
}
