/** How many spans the embedded size takes in, second after second, and whether its memory stays where it is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineLine, optionsOf, printBar, printTable, round, save } from './support/bench.ts';
import { startEmbedded } from './support/lines.ts';
import { startLoad } from './support/load.ts';
import { activeParts } from './support/parts.ts';
import { childrenOf, cpuOf, residentOf } from './support/processes.ts';

const options = optionsOf({
  name: 'sustained',
  about: `spans a second that the embedded size acknowledges with merges on, from a sender in a process of its own that
keeps it saturated; CPU per span by process, parts, resident memory at its most, and at rest before and after. A minute
and a half by default; the figure of the project is that of --seconds 60.`,
  options: {
    seconds: { default: 20, meaning: 'seconds that count, after the warm-up' },
    warmup: { default: 8, meaning: 'seconds before them' },
    concurrency: { default: 160, meaning: 'requests under way at once' },
    pause: { default: 1_000, meaning: 'milliseconds that each sender rests at most between two' },
    spans: { default: 512, meaning: 'spans of a request' },
  },
});
const MIB = 2 ** 20;
/** Memory comes in waves (a pass of the settler, a collection of garbage): what it is at rest, before and after, tells what is kept. */
const REST_S = 30;
const KEPT_MAX_MIB = 256;

interface Memory {
  /** At rest before the load and after it. */
  before_mib: number;
  after_mib: number;
  most_mib: number;
}

const isGivenBack = ({ before_mib, after_mib }: Memory): boolean => after_mib <= before_mib + KEPT_MAX_MIB;

const data_dir = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
const load = startLoad();
const { service, otlp_url } = await startEmbedded(data_dir);
try {
  const pids = { collector: service.pid, engine: childrenOf(service.pid)[0]!, sender: load.pid };
  const order = {
    url: otlp_url,
    spans_per_request: options.spans,
    concurrency: options.concurrency,
    pause_ms: options.pause,
  };
  /** The least of some seconds without load. */
  const atRest = async () => {
    const least = { collector: Number.POSITIVE_INFINITY, engine: Number.POSITIVE_INFINITY };
    for (let second = 0; second < REST_S; second++) {
      await sleep(1_000);
      for (const name of ['collector', 'engine'] as const)
        least[name] = Math.min(least[name], residentOf(pids[name]));
    }
    return least;
  };
  await load.send({ ...order, seconds: options.warmup });
  const before_load = await atRest();

  const resident = { collector: [] as number[], engine: [] as number[] };
  const parts: number[] = [];
  const used = () => ({
    collector: cpuOf(pids.collector),
    engine: cpuOf(pids.engine),
    sender: cpuOf(pids.sender),
  });
  const before = used();
  let done = false;
  const sending = load.send({ ...order, seconds: options.seconds }).finally(() => {
    done = true;
  });
  while (!done) {
    await Promise.race([sleep(1_000), sending]);
    for (const name of ['collector', 'engine'] as const) resident[name].push(residentOf(pids[name]));
    parts.push(activeParts(data_dir));
  }
  const { acknowledged, refused, wall_s } = await sending;
  const after = used();
  const after_load = await atRest();
  const perSpan = (name: keyof typeof pids): number => (after[name] - before[name]) / acknowledged;
  const machine = machineLine();
  const memoryOf = (name: 'collector' | 'engine'): Memory => ({
    before_mib: before_load[name] / MIB,
    after_mib: after_load[name] / MIB,
    most_mib: Math.max(...resident[name]) / MIB,
  });
  const memory = { collector: memoryOf('collector'), engine: memoryOf('engine') };
  const spans_per_s = acknowledged / wall_s;

  console.log(machine);
  console.log(
    `${Math.round(spans_per_s)} spans/s acknowledged for ${round(wall_s, 1)} s, ${refused} requests refused and sent again, ` +
      `active parts at most ${Math.max(...parts)}, at the end ${parts.at(-1)}`,
  );
  const row = (name: 'collector' | 'engine') => ({
    '': name,
    'CPU µs/span': round(perSpan(name)),
    cores: round((after[name] - before[name]) / 1e6 / wall_s),
    'MiB before': round(memory[name].before_mib, 0),
    most: round(memory[name].most_mib, 0),
    after: round(memory[name].after_mib, 0),
  });
  const sender = {
    '': 'sender',
    'CPU µs/span': round(perSpan('sender')),
    cores: round((after.sender - before.sender) / 1e6 / wall_s),
  };
  printTable([row('collector'), row('engine'), sender]);
  printBar('memory is given back', isGivenBack(memory.collector) && isGivenBack(memory.engine));
  save('sustained', machine, {
    ...{ spans_per_s, refused, wall_s, memory, parts, resident },
    cpu_us_per_span: {
      collector: perSpan('collector'),
      engine: perSpan('engine'),
      sender: perSpan('sender'),
    },
  });
} finally {
  load.stop();
  await service.stop();
  rmSync(data_dir, { recursive: true, force: true });
}
