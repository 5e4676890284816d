/** What every main shares: the version check, `--help`, errors in one sentence, and an orderly end on signals. */

import type { Settings } from '../schemas/settings/definitions.ts';
import { settingsHelp } from '../schemas/settings/help.ts';
import { loadSettings, SettingsError } from '../schemas/settings/load.ts';

const STOP_TIMEOUT_MS = 20_000;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

export interface Running {
  /** Finishes what is under way; the process exits 0 after it, or 1 after twenty seconds. */
  stop(): Promise<void>;
}

export interface ProcessDescription {
  name: string;
  /** What it does, in a sentence, for --help. */
  purpose: string;
  start(settings: Settings): Promise<Running>;
}

/** An expected failure at start: its message is a sentence with the fix, and no stack trace is printed. */
export class StartError extends Error {
  override name = 'StartError';
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') {
    return `Port ${port} is in use: stop the other program, or set PLUMBLINE_OTLP_PORT, PLUMBLINE_API_PORT or PLUMBLINE_INGEST_PORT.`;
  }
  const expected =
    error instanceof StartError || error instanceof SettingsError || error.name.endsWith('Error');
  return expected && error.name !== 'TypeError' ? error.message : (error.stack ?? error.message);
}

export async function runProcess(description: ProcessDescription): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(
      `${description.name}: ${description.purpose}\n\nSettings (environment or .env):\n${settingsHelp()}`,
    );
    return;
  }
  const unknown = process.argv[2];
  if (unknown !== undefined) {
    console.error(
      `${description.name}: '${unknown}' is not known; it takes settings from the environment, see --help.`,
    );
    process.exit(EXIT_USAGE);
  }
  let settings: Settings;
  try {
    settings = loadSettings();
  } catch (error) {
    console.error(explain(error));
    process.exit(EXIT_USAGE);
  }
  let running: Running | undefined;
  let stopping = false;
  const stop = (): void => {
    // Until the start is over nobody waits for this process: what it has begun, the next start takes up.
    if (running === undefined) process.exit(0);
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(EXIT_FAILED), STOP_TIMEOUT_MS).unref();
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(explain(error));
        process.exit(EXIT_FAILED);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    running = await description.start(settings);
  } catch (error) {
    console.error(`${description.name} could not start. ${explain(error)}`);
    process.exit(EXIT_FAILED);
  }
}
