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
keeps it saturated; CPU per span by process, resident memory second by second, parts. Half a minute by default; the
figure of the project is that of --seconds 60.`,
  options: {
    seconds: { default: 20, meaning: 'seconds that count, after the warm-up' },
    warmup: { default: 8, meaning: 'seconds before them' },
    concurrency: { default: 160, meaning: 'requests under way at once' },
    pause: { default: 1_000, meaning: 'milliseconds that each sender rests at most between two' },
    spans: { default: 512, meaning: 'spans of a request' },
  },
});
const MIB = 2 ** 20;
/** Growth that would fill a gigabyte in less than four hours is no noise. */
const SLOPE_MAX_MIB_PER_MIN = 4;
const SLOPE_MAX_SHARE_PER_MIN = 0.1;

interface Memory {
  min_mib: number;
  max_mib: number;
  slope_mib_per_min: number;
}

/** Of the last half of the samples, one a second: least, most, and the slope of the line of least squares. */
function memoryOf(samples: readonly number[]): Memory {
  const half = samples.slice(samples.length >> 1).map((bytes) => bytes / MIB);
  const middle = (half.length - 1) / 2;
  const mean = half.reduce((sum, value) => sum + value, 0) / half.length;
  const spread = half.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
  const slope = half.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / spread;
  return { min_mib: Math.min(...half), max_mib: Math.max(...half), slope_mib_per_min: slope * 60 };
}

const isFlat = ({ slope_mib_per_min, max_mib }: Memory): boolean =>
  slope_mib_per_min <= Math.max(SLOPE_MAX_MIB_PER_MIN, SLOPE_MAX_SHARE_PER_MIN * max_mib);

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
  await load.send({ ...order, seconds: options.warmup });

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
  const perSpan = (name: keyof typeof pids): number => (after[name] - before[name]) / acknowledged;
  const machine = machineLine();
  const memory = { collector: memoryOf(resident.collector), engine: memoryOf(resident.engine) };
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
    'MiB least': round(memory[name].min_mib, 0),
    'MiB most': round(memory[name].max_mib, 0),
    'MiB/min': round(memory[name].slope_mib_per_min, 1),
  });
  const sender = {
    '': 'sender',
    'CPU µs/span': round(perSpan('sender')),
    cores: round((after.sender - before.sender) / 1e6 / wall_s),
  };
  printTable([row('collector'), row('engine'), sender]);
  printBar('resident memory of the last half is flat', isFlat(memory.collector) && isFlat(memory.engine));
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
