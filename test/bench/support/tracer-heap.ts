/** What a collector that is not there costs in memory: many traced calls in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const PROGRAM = `
  import { traceModelCall } from './tracer/index.ts';
  const calls = Number(process.env.CALLS);
  const answer = { id: 'c', choices: [{ message: { content: 'x'.repeat(400) }, finish_reason: 'stop' }], usage: { prompt_tokens: 5, completion_tokens: 5 } };
  const heap = async () => { for (let i = 0; i < 3; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); } return process.memoryUsage().heapUsed / 2 ** 20; };
  const used = [];
  for (let i = 1; i <= calls; i++) {
    await traceModelCall({ model: 'm', provider: 'openai', input: 'hello' }, async () => answer);
    if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (i % (calls / 10) === 0) used.push(await heap());
  }
  console.log(JSON.stringify(used));
  process.exit(0);
`;

/** MiB of heap that the last nine tenths of `calls` traced calls have left behind. */
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
  const used = JSON.parse(stdout) as number[];
  console.log(`heap in tenths of ${calls} calls: ${used.map((mib) => mib.toFixed(1)).join(', ')} MiB`);
  return (used.at(-1) as number) - (used[0] as number);
}
