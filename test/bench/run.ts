/**
 * `npm run bench` lists the benches, `npm run bench -- NAME` runs one or several, `npm run bench -- all` all of them.
 * What follows `--` goes to the bench: `npm run bench -- sustained -- --seconds 60`. Results: `.cache/bench/NAME.json`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { lacks } from '../run/machine.ts';

const BENCHES: Record<string, string> = {
  'otlp-decode': 'decoding of OTLP, against protobufjs and JSON.parse (20 s)',
  redaction: 'megabytes redacted a second, typical and hostile texts (30 s)',
  normalise: 'spans normalised and priced a second, all dialects mixed and plain ones (30 s)',
  'cpu-per-span': 'CPU a span at the edge, in ingest and ClickHouse, against the plain way (7 min)',
  sustained: 'spans a second of the embedded size, memory (90 s)',
  freshness: 'end of a call to its being in answers, embedded and distributed (1 min)',
  tracer: 'what the tracer costs a service, beside spans of OpenTelemetry alone (2 min)',
  rollups: 'repeats and rollups of 10 M calls: what they cost to make, and what answers cost (8 min)',
  'shared-ids': 'looking for repeats among 100,000 calls that share an id or a token count (1 min)',
  'query-figures': 'what the questions of analysts cost on 10 M calls, against bare scans (8 min)',
  'exact-quantiles': 'what deduplication costs exact quantiles of 10 M calls (4 min)',
};

const separator = process.argv.indexOf('--', 2);
const names = process.argv.slice(2, separator < 0 ? undefined : separator);
const options = separator < 0 ? [] : process.argv.slice(separator + 1);

if (names.length === 0) {
  const width = Math.max(...Object.keys(BENCHES).map((name) => name.length));
  for (const [name, about] of Object.entries(BENCHES)) console.log(`${name.padEnd(width)}  ${about}`);
  console.log(
    '\nnpm run bench -- NAME... runs some, npm run bench -- all runs all; NAME -- --help tells its options',
  );
  process.exit(0);
}
const unknown = names.filter((name) => name !== 'all' && !(name in BENCHES));
if (unknown.length > 0) {
  console.error(
    `No bench is called ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}, and all.`,
  );
  process.exit(2);
}
for (const sentence of lacks()) console.error(sentence);

for (const name of names.includes('all') ? Object.keys(BENCHES) : names) {
  console.log(`\n== ${name}`);
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [file, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
