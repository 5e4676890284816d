/** An expected failure, told to the user as one sentence that says the fix; no stack trace is needed to act on it. */
export class EngineError extends Error {
  override name = 'EngineError';
}

/** What is known of a start or restart that went wrong. */
export interface FailureContext {
  data_dir: string;
  http_port: number;
  /** The engine's last words: its error and the end of its stderr. */
  output: string;
  /** How it ended, such as "exit code 1"; undefined when it never answered. */
  ended: string | undefined;
}

const KNOWN_CAUSES: ReadonlyArray<[RegExp, (context: FailureContext) => string]> = [
  [
    /Cannot lock file/,
    ({ data_dir }) =>
      `The data directory ${data_dir} is in use by another engine, perhaps in another container; stop it, or set PLUMBLINE_DATA_DIR to another directory.`,
  ],
  [
    /Address already in use|EADDRINUSE/,
    ({ http_port }) =>
      `Port ${http_port} on 127.0.0.1 is taken by another program; stop it, or give the engine another port.`,
  ],
  [
    /No space left on device|NOT_ENOUGH_SPACE|ENOSPC|EDQUOT/,
    ({ data_dir }) =>
      `The disk of the data directory ${data_dir} is full; free some space, or set PLUMBLINE_DATA_DIR to a directory on another disk.`,
  ],
  [
    // ENOENT is what making a directory on a read-only disk answers.
    /Read-only file system|Permission denied|Operation not permitted|EACCES|EROFS|EPERM|ENOENT/,
    ({ data_dir }) =>
      `The data directory ${data_dir} cannot be written; make it writable for this user, or set PLUMBLINE_DATA_DIR to another directory.`,
  ],
  [
    /ENOTDIR|EEXIST|Not a directory/,
    ({ data_dir }) =>
      `The data directory ${data_dir} is not a directory; set PLUMBLINE_DATA_DIR to a directory.`,
  ],
];

/** Turns what the engine or the system said into one sentence with the fix. */
export function explainFailure(context: FailureContext): EngineError {
  for (const [pattern, sentence] of KNOWN_CAUSES) {
    if (pattern.test(context.output)) return new EngineError(sentence(context));
  }
  const said = lastWords(context.output);
  return new EngineError(
    `The embedded engine ${manner(context.ended)}${said ? `; it said: ${said}` : ''}. Its log is in ${context.data_dir}/engine.`,
  );
}

function manner(ended: string | undefined): string {
  if (ended === undefined) return 'did not answer in time';
  if (ended === 'signal SIGKILL') return 'was killed from outside, perhaps for want of memory';
  return `ended (${ended})`;
}

/** The most telling line of the engine's output: its last exception, else its last line. */
function lastWords(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^\d+\. .* @ 0x|^\(version|^Logging \w+ to /.test(line));
  const line = lines.findLast((candidate) => /Exception|Error|error/.test(candidate)) ?? lines.at(-1) ?? '';
  return line.replace(/, Stack trace.*$/, '').slice(0, 500);
}
