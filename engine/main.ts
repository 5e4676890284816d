/** The engine alone, as a ClickHouse server in the foreground: for tests and benches of the distributed parts. */
import { parseArgs } from 'node:util';
import { EngineError } from './failure.ts';
import { startEngine } from './supervisor.ts';

const HELP = `Runs the embedded ClickHouse as a server on 127.0.0.1 until SIGTERM or Ctrl-C.

Usage: node engine/main.ts [options]

  --data-dir DIR            where its tables live (default .plumbline)
  --database NAME           the database that writer and reader may use (default plumbline)
  --http-port PORT          port of the HTTP interface (default: a free one)
  --max-memory-bytes BYTES  cap on its memory (default: half of the machine's, at most 4 GiB)
  --fsync                   inserts wait for the disk
  --help                    this text

When it is ready it prints one line of JSON: {"url", "database", "writer", "reader"}, where writer and
reader are {"username", "password"}. Passwords are made anew at each start.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      'data-dir': { type: 'string', default: '.plumbline' },
      database: { type: 'string', default: 'plumbline' },
      'http-port': { type: 'string', default: '0' },
      'max-memory-bytes': { type: 'string' },
      fsync: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const stopped = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<never>();
  process.once('SIGTERM', stopped.resolve).once('SIGINT', stopped.resolve);
  const memory = values['max-memory-bytes'];
  const engine = await startEngine({
    data_dir: values['data-dir'],
    database: values.database,
    http_port: wholeNumber('--http-port', values['http-port'], 0, 65_535),
    ...(memory === undefined
      ? {}
      : { max_memory_bytes: wholeNumber('--max-memory-bytes', memory, 2 ** 28, Number.MAX_SAFE_INTEGER) }),
    fsync: values.fsync,
    log: (level, message) => {
      if (level !== 'info') process.stderr.write(`${level}: ${message}\n`);
    },
    onStateChange: (state, reason) => {
      if (state === 'failed') failed.reject(new EngineError(reason));
    },
  });
  const { url, database, writer, reader } = engine;
  process.stdout.write(`${JSON.stringify({ url, database, writer, reader })}\n`);
  try {
    await Promise.race([stopped.promise, failed.promise]);
  } finally {
    await engine.stop();
  }
  return 0;
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new EngineError(`${option} must be a whole number from ${min} to ${max}, not "${text}".`);
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') ?? false;
  if (!usage && !(error instanceof EngineError)) throw error;
  process.stderr.write(`${(error as Error).message}\n${usage ? `\n${HELP}` : ''}`);
  process.exitCode = usage ? 2 : 1;
}
