/** The stress run as a command: node test/ingest/settle/stress.ts --seed 7 --seconds 600 --readers 3 [--no-kills] [--no-erasures] */
import { parseArgs } from 'node:util';
import { stress } from './support/stress.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '300' },
    readers: { type: 'string', default: '3' },
    kills: { type: 'boolean', default: true },
    erasures: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const { violations, ...result } = await stress({
  seed: Number(values.seed),
  seconds: Number(values.seconds),
  kills: values.kills,
  erasures: values.erasures,
  readers: Number(values.readers),
  say: (line) => console.error(line),
});
console.log(JSON.stringify({ ...values, ...result, violations: violations.length }));
for (const violation of violations.slice(0, 20)) console.log(violation);
process.exitCode = violations.length === 0 ? 0 : 1;
