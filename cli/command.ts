/** What every command of the CLI is given, and how it ends. */
import type { Warehouse } from '../schemas/seams.ts';
import type { Settings } from '../schemas/settings/definitions.ts';

/** Exit codes: 0 pass, 1 fail, 2 usage, 3 inconclusive, 4 unreachable. */
export const EXIT = { pass: 0, fail: 1, usage: 2, inconclusive: 3, unreachable: 4 } as const;

/** An expected end with a sentence and a code of its own. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly exit: number;
  constructor(message: string, exit: number = EXIT.fail) {
    super(message);
    this.exit = exit;
  }
}

export interface CommandContext {
  settings: Settings;
  database: string;
  /** Connected as the user that writes. */
  warehouse: Warehouse;
  /** Data for the next program: stdout. */
  print: (text: string) => void;
  /** Words for a person: stderr. */
  say: (text: string) => void;
  /** Progress of long work: on a terminal one line that is written over, else nothing. */
  progress: (text: string) => void;
}

/** Runs `work` with a context, closes what it opened, and turns failures into sentences and exit codes. */
export type WithContext = (work: (context: CommandContext) => Promise<number>) => Promise<void>;
