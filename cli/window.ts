/** `--from` and `--to` of the commands that work on the database. */
import { parseTime, TIME_FORMS, TimeError } from '../query-api/time.ts';
import { CommandError, EXIT } from './command.ts';

function timeOf(option: string, text: string, now_ms: number): number {
  try {
    return parseTime(text, now_ms);
  } catch (error) {
    if (!(error instanceof TimeError)) throw error;
    throw new CommandError(
      `${option} is '${text}': ${error.message}. Allowed: ${TIME_FORMS.join('; ')}.`,
      EXIT.usage,
    );
  }
}

/** Milliseconds since 1970. Throws CommandError for what is no time, or no window. */
export function windowOf({ from, to }: { from: string; to: string }): { from_ms: number; to_ms: number } {
  const now_ms = Date.now();
  const window = { from_ms: timeOf('--from', from, now_ms), to_ms: timeOf('--to', to, now_ms) };
  if (window.from_ms < window.to_ms) return window;
  const [from_iso, to_iso] = [window.from_ms, window.to_ms].map((ms) => new Date(ms).toISOString());
  throw new CommandError(`--from (${from_iso}) must be before --to (${to_iso}).`, EXIT.usage);
}
