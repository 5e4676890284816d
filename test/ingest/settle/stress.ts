/** The stress run as a command. */
import { parseArgs } from 'node:util';
import { stress } from './support/stress.ts';

const HELP = `node test/ingest/settle/stress.ts [options]
Inserters, two settlers, erasures and kills against readers that compare rollups with the calls at the same moment.
Prints how many groups were compared; exits 0 if every count and sum was equal.
  --seed N        what it does, and when (1)
  --seconds N     how long (300)
  --readers N     how many compare (3)
  --no-kills      kills neither settlers nor the engine
  --no-erasures   erases no users`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '300' },
    readers: { type: 'string', default: '3' },
    kills: { type: 'boolean', default: true },
    erasures: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
/** For what is under way when the time is up, and the comparison at the end. */
const GRACE_MS = 300_000;

/** However the process ends, it says a result or why there is none, and exits 0 for a good result only. */
let isTold = false;
function giveUp(why: unknown): never {
  isTold = true;
  console.error('The stress run has no result:', why);
  process.exit(1);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => giveUp(`it was sent ${signal}`));
process.on('uncaughtException', giveUp);
process.on('exit', (code) => {
  if (!isTold) giveUp(`it exited with ${code}`);
});
// It also keeps the process up where nothing else does.
const watchdog = setTimeout(() => giveUp('it does not end'), Number(values.seconds) * 1000 + GRACE_MS);

try {
  const { violations, ...result } = await stress({
    seed: Number(values.seed),
    seconds: Number(values.seconds),
    kills: values.kills,
    erasures: values.erasures,
    readers: Number(values.readers),
    say: (line) => console.error(line),
  });
  const { help: _, ...options } = values;
  console.log(JSON.stringify({ ...options, ...result, violations: violations.length }));
  for (const violation of violations.slice(0, 20)) console.log(violation);
  process.exitCode = violations.length === 0 ? 0 : 1;
  isTold = true;
} catch (error) {
  giveUp(error);
} finally {
  clearTimeout(watchdog);
}
