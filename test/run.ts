/**
 * The whole check behind `npm test`: what the machine lacks, lint, types, then every test by node's own runner.
 * `npm test -- test/collector query-api` runs the test files whose path holds one of the words, and nothing else.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { lacks } from './run/machine.ts';

/** Longest a test, and a file of tests, may take; none comes near it, and nothing hangs. */
const TIMEOUT_MS = 240_000;
const FILES_AT_ONCE = 2;
const SLOWEST_SHOWN = 8;

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

/** Runs a tool of the project; its output is the user's to read. */
function passes(tool: string, ...args: string[]): boolean {
  const { status, error } = spawnSync(`node_modules/.bin/${tool}`, args, { stdio: 'inherit' });
  if (error) console.error(`${tool} could not be run (${error.message}): run npm ci first.`);
  return status === 0;
}

async function runTests(files: string[]): Promise<string[]> {
  const faults: string[] = [];
  const took: { file: string; seconds: number }[] = [];
  const events = run({ files, concurrency: FILES_AT_ONCE, timeout: TIMEOUT_MS });
  let complete = false;
  events.on('test:summary', ({ file, success, counts, duration_ms }) => {
    if (file !== undefined) {
      took.push({ file: file.replace(root, ''), seconds: duration_ms / 1000 });
      return;
    }
    complete = true;
    if (!success) faults.push('tests failed');
    const unrun = counts.skipped + counts.todo;
    if (unrun > 0) faults.push(`${unrun} tests were skipped, and none may be`);
  });
  const report = events.compose(spec);
  report.pipe(process.stdout, { end: false });
  await finished(report);
  if (!complete) faults.push('the tests did not run to their end');
  took.sort((a, b) => b.seconds - a.seconds);
  const slowest = took.slice(0, SLOWEST_SHOWN).map(({ file, seconds }) => `${seconds.toFixed(1)} s ${file}`);
  console.error(`slowest files: ${slowest.join(', ')}`);
  return faults;
}

const words = process.argv.slice(2);
const all = globSync('test/**/*.test.ts').sort();
const files = all.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
if (files.length === 0) {
  console.error(`No test file has ${words.map((word) => `'${word}'`).join(' or ')} in its path.`);
  process.exit(2);
}

const faults: string[] = [];
if (words.length === 0) {
  const lacking = lacks();
  for (const sentence of lacking) console.error(sentence);
  if (lacking.length > 0) process.exit(1);
  if (!passes('biome', 'check', '.'))
    faults.push('lint failed (npm run lint; npm run format mends much of it)');
  if (!passes('tsc')) faults.push('the type check failed (npm run check)');
} else {
  console.error(`${files.length} of ${all.length} test files, without lint and type check`);
}
faults.push(...(await runTests(files)));
for (const fault of faults) console.error(`npm test: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
