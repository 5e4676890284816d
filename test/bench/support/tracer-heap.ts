/** What a collector that is not there costs in memory: many traced calls in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The exporter holds batches until it gives them up; what stays after that has leaked. */
const SETTLE_MS = 6_000;

const PROGRAM = `
  import { traceModelCall } from './tracer/index.ts';
  const calls = Number(process.env.CALLS);
  const answer = { choices: [{ message: { content: 'x'.repeat(400) }, finish_reason: 'stop' }], usage: { prompt_tokens: 5, completion_tokens: 5 } };
  const heap = async () => {
    await new Promise((resolve) => setTimeout(resolve, ${SETTLE_MS}));
    for (let i = 0; i < 3; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  let peak = 0;
  const make = async (count) => {
    for (let i = 1; i <= count; i++) {
      await traceModelCall({ model: 'm', provider: 'openai', input: 'hello' }, async () => ({ ...answer, id: 'c' + i }));
      if (i % 1_000 !== 0) continue;
      await new Promise((resolve) => setImmediate(resolve));
      peak = Math.max(peak, process.memoryUsage().rss / 2 ** 20);
    }
  };
  await make(calls / 10);
  const first = await heap();
  await make(calls - calls / 10);
  const last = await heap();
  console.log(JSON.stringify({ first, last, peak }));
  process.exit(0);
`;

/** MiB of heap that the last nine tenths of `calls` traced calls have left behind for good. */
export function heapOfDeadCollector(calls: number): number {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--import', './tracer/register.ts', '--input-type=module-typescript', '--eval', PROGRAM],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, CALLS: String(calls), OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
    },
  );
  if (!stdout) throw new Error(`The process that was to be measured has failed: ${stderr}`);
  const { first, last, peak } = JSON.parse(stdout) as Record<'first' | 'last' | 'peak', number>;
  console.log(
    `heap after ${calls / 10} calls ${first.toFixed(1)} MiB, after ${calls} ${last.toFixed(1)} MiB; resident at most ${peak.toFixed(0)} MiB`,
  );
  return last - first;
}
