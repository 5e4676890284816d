/** CPU per span, part by part, against the plain way in the same run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKafka } from '../support/kafka.ts';
import { machineLine, median, optionsOf, printBar, printTable, round, save } from './support/bench.ts';
import type { IngestOrder } from './support/ingest-worker.ts';
import {
  distributedSettings,
  type Ends,
  endAll,
  type Store,
  startEmbedded,
  startStore,
} from './support/lines.ts';
import { type Load, startLoad } from './support/load.ts';
import { childrenOf, cpuOf, type Service, settled, startService } from './support/processes.ts';

const options = optionsOf({
  name: 'cpu-per-span',
  about: `CPU microseconds per span of 512-span protobuf requests with 27 to 30 attributes, at the edge, in ingest and in
ClickHouse (merges included until it is quiet), of the real processes with a real broker; against decode by protobufjs,
plain rows and JSONEachRow insert, in two processes likewise, into an equal table of the same engine. Both are warmed up
by the spans of two rounds: a service runs for days, and its code is compiled in its first half minute. Rounds are long
enough for merges to fall into each. Then the embedded size. Ours redacts and prices, the baseline does not. Neither
settles rollups: what that adds is told apart. About 7 minutes.`,
  options: {
    rounds: { default: 3, meaning: 'rounds that count, in turns; figures are medians' },
    spans: { default: 409_600, meaning: 'spans of a round' },
    warmup: { default: 2, meaning: 'rounds of spans that each contender is sent first, in one go' },
    concurrency: { default: 8, meaning: 'requests under way at once' },
    baseline: { default: 1, meaning: '0 leaves the baseline out' },
    settling: { default: 1, meaning: '0 leaves out the same with the settling that ingest does beside' },
    embedded: { default: 1, meaning: '0 leaves the embedded size out' },
  },
});
const BAR = 3;
const SPANS_PER_REQUEST = 512;
const STORE_TIMEOUT_MS = 60_000;

interface Line {
  table: string;
  otlp_url: string;
  edge: Service;
  ingest: Service;
}

const PARTS = ['edge', 'ingest', 'clickhouse', 'total'] as const;
type Parts = Record<(typeof PARTS)[number], number>;

const rounded = (_: string, value: unknown): unknown => (typeof value === 'number' ? round(value) : value);

function medianOf(rounds: readonly Parts[]): Parts {
  const figures = PARTS.map((part) => [part, median(rounds.map((parts) => parts[part]))]);
  return Object.fromEntries(figures) as Parts;
}

async function untilStored(store: Store, { table, edge, ingest }: Line, rows: number): Promise<void> {
  const deadline = Date.now() + STORE_TIMEOUT_MS;
  for (;;) {
    const answer = await store.warehouse.query<{ stored: string }>(
      `SELECT count() AS stored FROM ${store.engine.database}.${table}`,
    );
    if (Number(answer.rows[0]!.stored) >= rows) return;
    if (Date.now() > deadline)
      throw new Error(
        `${answer.rows[0]!.stored} of ${rows} rows were stored in time\n${[...edge.output, ...ingest.output].join('\n')}`,
      );
    await sleep(250);
  }
}

const orderOf = (url: string, rounds: number) => ({
  url,
  spans_per_request: SPANS_PER_REQUEST,
  concurrency: options.concurrency,
  spans: options.spans * rounds,
});

const empty = (line: Line, store: Store): Promise<void> =>
  store.warehouse.command(`TRUNCATE TABLE ${store.engine.database}.${line.table}`);

async function warmUp(line: Line, store: Store, load: Load): Promise<void> {
  await empty(line, store);
  const { acknowledged } = await load.send(orderOf(line.otlp_url, options.warmup));
  await untilStored(store, line, acknowledged);
}

async function measure(line: Line, store: Store, load: Load): Promise<Parts> {
  await empty(line, store);
  const engine = store.engine.pid()!;
  await settled(engine, 2_000);
  const before = { edge: cpuOf(line.edge.pid), ingest: cpuOf(line.ingest.pid), clickhouse: cpuOf(engine) };
  const { acknowledged } = await load.send(orderOf(line.otlp_url, 1));
  const edge = cpuOf(line.edge.pid);
  await untilStored(store, line, acknowledged);
  const ingest = cpuOf(line.ingest.pid);
  const clickhouse = await settled(engine);
  const parts = {
    edge: (edge - before.edge) / acknowledged,
    ingest: (ingest - before.ingest) / acknowledged,
    clickhouse: (clickhouse - before.clickhouse) / acknowledged,
  };
  return { ...parts, total: parts.edge + parts.ingest + parts.clickhouse };
}

async function embedded(load: Load): Promise<{ collector: number; engine: number }> {
  const data_dir = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
  const own: Ends = [() => rmSync(data_dir, { recursive: true, force: true })];
  try {
    const { service, otlp_url } = await startEmbedded(data_dir);
    own.push(() => service.stop());
    const engine = childrenOf(service.pid)[0]!;
    await load.send(orderOf(otlp_url, options.warmup));
    await settled(engine);
    const before = { collector: cpuOf(service.pid), engine: cpuOf(engine) };
    const { acknowledged } = await load.send(orderOf(otlp_url, options.rounds));
    const collector = cpuOf(service.pid);
    const after = await settled(engine);
    return {
      collector: (collector - before.collector) / acknowledged,
      engine: (after - before.engine) / acknowledged,
    };
  } finally {
    await endAll(own);
  }
}

const ends: Ends = [];
try {
  const load = startLoad();
  ends.push(() => load.stop());
  const kafka = await startKafka();
  ends.push(() => kafka.stop());
  const store = await startStore();
  ends.push(() => store.stop());
  const { engine } = store;
  const settings = distributedSettings(kafka, store);
  const start = async (...how: Parameters<typeof startService>): Promise<Service> => {
    const service = await startService(...how);
    ends.push(() => service.stop());
    return service;
  };
  const worker = (order: Pick<IngestOrder, 'topic' | 'lines_into'>): Promise<Service> => {
    const clickhouse = { url: engine.url, database: engine.database, ...engine.writer };
    const whole: IngestOrder = { brokers: kafka.brokers, clickhouse, ...order };
    return start('test/bench/support/ingest-worker.ts', {}, [/consuming/], [JSON.stringify(whole)]);
  };

  const collector = await start('collector/main.ts', settings, [/listening on (http:\S+)/]);
  const ours: Line = {
    table: 'calls',
    otlp_url: collector.said[0]![1]!,
    edge: collector,
    ingest: await worker({ topic: 'model-calls' }),
  };
  const lines: Record<string, Line> = { ours };
  if (options.baseline) {
    await store.warehouse.command(`CREATE TABLE ${engine.database}.baseline AS ${engine.database}.calls`);
    const file = 'test/bench/support/baseline-edge.ts';
    const edge = await start(
      file,
      {},
      [/listening on (http:\S+)/],
      [JSON.stringify([kafka.brokers, 'baseline'])],
    );
    const ingest = await worker({ topic: 'baseline', lines_into: 'baseline' });
    lines.baseline = { table: 'baseline', otlp_url: edge.said[0]![1]!, edge, ingest };
  }

  const figures: Record<string, Parts> = {};
  const measured: Record<string, Parts[]> = {};
  const inTurns = async (contenders: Record<string, Line>): Promise<void> => {
    for (const [name, line] of Object.entries(contenders)) {
      measured[name] = [];
      await warmUp(line, store, load);
    }
    for (let turn = 1; turn <= options.rounds; turn++) {
      for (const [name, line] of Object.entries(contenders)) {
        const parts = await measure(line, store, load);
        console.error(`round ${turn}`, name, JSON.stringify(parts, rounded));
        measured[name]!.push(parts);
      }
    }
    for (const name of Object.keys(contenders)) figures[name] = medianOf(measured[name]!);
  };
  await inTurns(lines);
  if (options.settling) {
    await ours.ingest.stop();
    const ingest = await start('ingest/main.ts', { ...settings, KAFKA_GROUP: 'model-calls-bench' }, [
      /Ingest listening/,
    ]);
    await inTurns({ 'ours, settling': { ...ours, ingest } });
  }
  const whole = options.embedded ? await embedded(load) : undefined;
  const machine = machineLine(store.version);
  console.log(`${machine}; CPU µs a span, medians of ${options.rounds} rounds of ${options.spans} spans`);
  const rows: Record<string, string | number>[] = Object.entries(figures).map(([name, parts]) => ({
    '': name,
    ...JSON.parse(JSON.stringify(parts, rounded)),
  }));
  let ratio: number | undefined;
  if (figures.baseline) {
    const { baseline, ours: mine } = figures as Record<'baseline' | 'ours', Parts>;
    ratio = baseline.total / mine.total;
    const times = (part: keyof Parts): string => `${(baseline[part] / mine[part]).toFixed(1)} x`;
    const ratios = PARTS.map((part) => [part, times(part)]);
    rows.push({ '': 'baseline / ours', ...Object.fromEntries(ratios) });
  }
  printTable(rows);
  if (whole) {
    const { collector, engine: inEngine } = whole;
    const all = round(collector + inEngine);
    console.log(`embedded: collector ${round(collector)} + engine ${round(inEngine)} = ${all}`);
  }
  if (ratio !== undefined)
    printBar(`at least ${BAR} times less CPU in total than the baseline`, ratio >= BAR);
  save('cpu-per-span', machine, { ...figures, embedded: whole, ratio, rounds: measured });
} finally {
  await endAll(ends);
}
