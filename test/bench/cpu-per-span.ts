/** CPU per span, part by part, against the plain way in the same run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKafka } from '../support/kafka.ts';
import { machineLine, median, optionsOf, printBar, printTable, round, save } from './support/bench.ts';
import {
  type Ends,
  endAll,
  type Store,
  startDistributed,
  startEmbedded,
  startStore,
} from './support/lines.ts';
import { type Load, startLoad } from './support/load.ts';
import { childrenOf, cpuOf, type Service, settled, startService } from './support/processes.ts';

const options = optionsOf({
  name: 'cpu-per-span',
  about: `CPU microseconds per span of 512-span protobuf requests with 27 to 30 attributes, at the edge, in ingest and in
ClickHouse (merges included until it is quiet), of the real processes with a real broker; against decode by protobufjs,
plain rows and JSONEachRow insert, in two processes likewise, into an equal table of the same engine. Then the embedded
size. Ours redacts and prices, the baseline does not. About 3 minutes.`,
  options: {
    rounds: { default: 3, meaning: 'rounds that count, after one to warm up; figures are medians' },
    spans: { default: 204_800, meaning: 'spans of a round' },
    concurrency: { default: 8, meaning: 'requests under way at once' },
    baseline: { default: 1, meaning: '0 leaves the baseline out' },
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

interface Parts {
  edge: number;
  ingest: number;
  clickhouse: number;
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

async function measure(line: Line, store: Store, load: Load): Promise<Parts> {
  await store.warehouse.command(`TRUNCATE TABLE ${store.engine.database}.${line.table}`);
  const engine = store.engine.pid()!;
  await settled(engine, 2_000);
  const before = { edge: cpuOf(line.edge.pid), ingest: cpuOf(line.ingest.pid), clickhouse: cpuOf(engine) };
  const { acknowledged } = await load.send({
    url: line.otlp_url,
    spans_per_request: SPANS_PER_REQUEST,
    concurrency: options.concurrency,
    spans: options.spans,
  });
  const edge = cpuOf(line.edge.pid);
  await untilStored(store, line, acknowledged);
  const ingest = cpuOf(line.ingest.pid);
  const clickhouse = await settled(engine);
  return {
    edge: (edge - before.edge) / acknowledged,
    ingest: (ingest - before.ingest) / acknowledged,
    clickhouse: (clickhouse - before.clickhouse) / acknowledged,
  };
}

async function embedded(load: Load): Promise<{ collector: number; engine: number }> {
  const data_dir = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
  const own: Ends = [() => rmSync(data_dir, { recursive: true, force: true })];
  try {
    const { service, otlp_url } = await startEmbedded(data_dir);
    own.push(() => service.stop());
    const engine = childrenOf(service.pid)[0]!;
    const order = { url: otlp_url, spans_per_request: SPANS_PER_REQUEST, concurrency: options.concurrency };
    await load.send({ ...order, spans: options.spans });
    await settled(engine);
    const before = { collector: cpuOf(service.pid), engine: cpuOf(engine) };
    const { acknowledged } = await load.send({ ...order, spans: options.spans * options.rounds });
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
  const ours = await startDistributed(kafka, store, ends);
  const lines: Record<string, Line> = {
    ours: { table: 'calls', otlp_url: ours.otlp_url, edge: ours.collector, ingest: ours.ingest },
  };
  if (options.baseline) {
    await store.warehouse.command(`CREATE TABLE ${engine.database}.baseline AS ${engine.database}.calls`);
    const clickhouse = { url: engine.url, database: engine.database, ...engine.writer };
    const places = { brokers: kafka.brokers, topic: 'baseline', table: 'baseline', clickhouse };
    const file = (name: string): string => `test/bench/support/baseline-${name}.ts`;
    const ingest = await startService(file('ingest'), {}, [/consuming/], [JSON.stringify(places)]);
    const edge = await startService(
      file('edge'),
      {},
      [/listening on (http:\S+)/],
      [JSON.stringify([kafka.brokers, 'baseline'])],
    );
    ends.push(
      () => edge.stop(),
      () => ingest.stop(),
    );
    lines.baseline = { table: 'baseline', otlp_url: edge.said[0]![1]!, edge, ingest };
  }

  const measured: Record<string, Parts[]> = Object.fromEntries(Object.keys(lines).map((name) => [name, []]));
  for (let turn = 0; turn <= options.rounds; turn++) {
    for (const [name, line] of Object.entries(lines)) {
      const parts = await measure(line, store, load);
      if (turn > 0) measured[name]!.push(parts);
    }
  }
  const medianOf = (name: string) => {
    const of = (part: keyof Parts): number => median(measured[name]!.map((parts) => parts[part]));
    const parts = { edge: of('edge'), ingest: of('ingest'), clickhouse: of('clickhouse') };
    return { ...parts, total: median(measured[name]!.map((all) => all.edge + all.ingest + all.clickhouse)) };
  };
  const figures = Object.fromEntries(Object.keys(lines).map((name) => [name, medianOf(name)]));
  const whole = options.embedded ? await embedded(load) : undefined;
  const machine = machineLine(store.version);
  console.log(`${machine}; CPU µs a span, medians of ${options.rounds} rounds of ${options.spans} spans`);
  const shown = (name: string) => {
    const { edge, ingest, clickhouse, total } = figures[name]!;
    return {
      '': name,
      edge: round(edge),
      ingest: round(ingest),
      ClickHouse: round(clickhouse),
      total: round(total),
    };
  };
  const rows: Record<string, string | number>[] = Object.keys(lines).map(shown);
  let ratio: number | undefined;
  if (figures.baseline) {
    const { baseline, ours: mine } = figures as Record<'baseline' | 'ours', ReturnType<typeof medianOf>>;
    ratio = baseline.total / mine.total;
    const times = (part: keyof typeof mine): string => `${(baseline[part] / mine[part]).toFixed(1)} x`;
    rows.push({
      '': 'ratio',
      edge: times('edge'),
      ingest: times('ingest'),
      ClickHouse: times('clickhouse'),
      total: times('total'),
    });
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
