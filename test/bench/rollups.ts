/** Counting once at size: what repeats and rollups cost to make, and what answers cost with and without them. */
import { examine } from '../../ingest/settle/examiner.ts';
import { settleDue } from '../../ingest/settle/settle-hours.ts';
import type { CountedScope } from '../../schemas/queries/counted-calls.ts';
import { type Counting, cleanHours } from '../../schemas/queries/counting.ts';
import { askFirst, ofWindow } from '../../schemas/queries/first-statements.ts';
import { projectOfKey } from '../../schemas/queries/project.ts';
import { rollupStatement } from '../../schemas/queries/rollup.ts';
import { CLOCK_GRAIN_MS, MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import type { Statement } from '../../schemas/queries/statement.ts';
import { withCounting } from '../../schemas/queries/with-counting.ts';
import { startSettling } from '../ingest/settle/support/settling.ts';
import { machineLine, median, optionsOf, printBar, printTable, round, save } from './support/bench.ts';
import { insertManyCalls } from './support/many-calls.ts';

const options = optionsOf({
  name: 'rollups',
  about:
    'makes calls over 30 days, finds repeats, settles, and asks p95 by model by hour, exact and from rollups',
  options: {
    calls: { default: 10_000_000, meaning: 'calls; 1 % repeats and 2 % duplicates come on top' },
    rounds: { default: 5, meaning: 'times each question is asked; medians are shown' },
  },
});

const DAYS = 30;
const DAY_MS = 24 * MS_PER_HOUR;
const project = 'bench';
const settling = await startSettling();
const { store, writer, reader, engine } = settling;
const read = async ({ sql, params }: Statement) => (await reader.query(sql, { params })).rows;
const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const numberOf = async (sql: string): Promise<number> =>
  Number((await writer.query<{ n: number | string }>(sql)).rows[0]!.n);

/** Ends with the last whole hour that is long over, so that all of it can be settled. */
const to_ms = Math.floor(Date.now() / MS_PER_HOUR - 3) * MS_PER_HOUR;

const hourly = (scope: CountedScope, source: 'calls' | 'cells'): Statement =>
  rollupStatement({
    scope,
    metrics: ['calls', 'latency_p95_ms'],
    group_by: ['model'],
    interval_ms: MS_PER_HOUR,
    filters: [],
    order_by: [],
    limit: 100_000,
    source,
  });

async function ask(
  days: number,
  mode: 'exact' | 'searched' | 'rollup' | 'rollup, unsettled tail',
): Promise<{ ms: number; first_ms: number }> {
  const times: number[] = [];
  const firsts: number[] = [];
  for (let round = 0; round <= options.rounds; round++) {
    const end_ms = mode === 'rollup, unsettled tail' ? to_ms + 2 * MS_PER_HOUR : to_ms;
    const scope = {
      database: engine.database,
      project: projectOfKey(project),
      from_ms: end_ms - days * DAY_MS,
      to_ms: end_ms,
      now_ms: Date.now(),
      calls_days: store.calls_days,
    };
    const began = performance.now();
    const answer = async (counting: Counting): Promise<void> => {
      firsts.push(performance.now() - began);
      const { sql, params } = hourly({ ...scope, counting }, mode.startsWith('rollup') ? 'cells' : 'calls');
      await reader.query(sql, { params });
    };
    if (mode === 'searched') {
      // As an answer does that was overtaken: all in one statement.
      await answer(await askFirst(ofWindow(scope, 'searched'), read));
    } else await withCounting(reader, scope, undefined, answer);
    times.push(performance.now() - began);
  }
  return { ms: median(times.slice(1)), first_ms: median(firsts.slice(1)) };
}

/** In turns: what says which hours are clean, then the exact answer less the repeats that it told of, and without. */
async function subtracting(days: number): Promise<Record<'clean' | 'less' | 'without', number>> {
  const times = { clean: [] as number[], less: [] as number[], without: [] as number[] };
  const scope = {
    database: engine.database,
    project: projectOfKey(project),
    from_ms: to_ms - days * DAY_MS,
    to_ms,
    now_ms: Date.now(),
    calls_days: store.calls_days,
  };
  for (let round = 0; round <= options.rounds; round++) {
    const began = performance.now();
    const counting = await askFirst(ofWindow(scope), read);
    const inWindow = (hour: number): boolean =>
      hour * MS_PER_HOUR >= scope.from_ms && hour * MS_PER_HOUR < to_ms;
    const clean = [...cleanHours(counting, scope)].filter(inWindow).length;
    const took = { clean: performance.now() - began, less: 0, without: 0 };
    if (clean !== days * 24) throw new Error(`${clean} hours of ${days} days are clean`);
    if (counting.repeats !== 'stored' || !counting.has_stored_repeats)
      throw new Error('the repeats of the window are not stored');
    for (const how of ['less', 'without'] as const) {
      const has_stored_repeats = how === 'less';
      const { sql, params } = hourly({ ...scope, counting: { ...counting, has_stored_repeats } }, 'calls');
      took[how] = (await seconds(() => reader.query(sql, { params }))) * 1000;
    }
    // The first of each warms the caches up.
    if (round > 0) for (const what of ['clean', 'less', 'without'] as const) times[what].push(took[what]);
  }
  return { clean: median(times.clean), less: median(times.less), without: median(times.without) };
}

try {
  const many = {
    database: engine.database,
    project,
    calls: options.calls,
    days: DAYS,
    to_ms,
    repeats: 0.01,
    duplicates: 0.02,
  };
  let rows = 0;
  const made_s = await seconds(async () => {
    rows = await insertManyCalls(writer, many);
  });
  console.log(`made ${rows} rows in ${round(made_s)} s`);
  await sleep(CLOCK_GRAIN_MS + 500);
  const examined_s = await seconds(() => examine(store));
  const settled_s = await seconds(async () => {
    for (let left = 1; left > 0; ) left = (await settleDue(store)).waiting;
  });
  const us = (s: number): number => round((s * 1e6) / rows, 2);
  const costs = { insert_us: us(made_s), examine_us: us(examined_s), settle_us: us(settled_s) };
  printTable([
    { 'µs a row': '', insert: costs.insert_us, examine: costs.examine_us, settle: costs.settle_us },
  ]);
  const pairs = await numberOf(`SELECT count() AS n FROM ${engine.database}.repeats`);
  console.log(`${pairs} pairs of repeats; expected about ${Math.round(options.calls * many.repeats)}`);

  const bytes = async (table: string): Promise<number> =>
    numberOf(
      `SELECT sum(bytes_on_disk) AS n FROM system.parts WHERE active AND database = '${engine.database}' AND table IN (${table})`,
    );
  const calls_bytes = await bytes("'calls'");
  const rollup_bytes = await bytes("'rollup_1h', 'rollup_model_1h', 'rollup_slice_1h'");
  const cells = await numberOf(`SELECT count() AS n FROM ${engine.database}.rollup_1h`);
  console.log(
    `calls ${round(calls_bytes / rows)} B a row, ${round(calls_bytes / 2 ** 20)} MiB; rollups ${round(rollup_bytes / 2 ** 20)} MiB, ${cells} cells, ${round((100 * rollup_bytes) / calls_bytes)} % of the calls`,
  );

  const table: Record<string, string | number>[] = [];
  const figures: Record<string, unknown> = {};
  // Nothing is asked before what was just settled is older than the grain of the clocks.
  await sleep(CLOCK_GRAIN_MS);
  await examine(store);
  for (const mode of ['exact', 'searched', 'rollup'] as const) {
    const line: Record<string, string | number> = { 'ms, p95 by model by hour': mode };
    for (const days of [1, 7, 30]) {
      const { ms, first_ms } = await ask(days, mode);
      line[`${days} d`] = round(ms, 0);
      line[`first, ${days} d`] = round(first_ms, 0);
      figures[`${mode} ${days} d`] = ms;
    }
    table.push(line);
  }
  const repeatless: Record<string, string | number>[] = [];
  for (const days of [1, 7, 30]) {
    const { clean, less, without } = await subtracting(days);
    const ratio = round(less / without);
    repeatless.push({
      'ms, exact p95 by model by hour': `${days} d`,
      'less repeats': round(less, 0),
      'repeats counted': round(without, 0),
      ratio: `${ratio} x`,
      'check for clean hours': round(clean, 0),
    });
    figures[`subtracting repeats ${days} d`] = { clean, less, without, ratio };
  }
  printTable(repeatless);
  const calls_an_hour = Math.ceil(options.calls / DAYS / 24);
  await insertManyCalls(writer, {
    ...many,
    to_ms: to_ms + 2 * MS_PER_HOUR,
    day_ms: MS_PER_HOUR,
    days: 2,
    calls: 2 * calls_an_hour,
  });
  const pass_s = await seconds(() => examine(store));
  const line: Record<string, string | number> = { 'ms, p95 by model by hour': 'rollup, unsettled tail' };
  for (const days of [1, 7, 30]) {
    const { ms, first_ms } = await ask(days, 'rollup, unsettled tail');
    line[`${days} d`] = round(ms, 0);
    line[`first, ${days} d`] = round(first_ms, 0);
    figures[`rollup with tail ${days} d`] = ms;
  }
  table.push(line);
  printTable(table);
  console.log(`an examination of the ${2 * calls_an_hour} new calls of two hours: ${round(pass_s)} s`);
  const machine = machineLine();
  console.log(machine);
  printBar('settled windows answer from rollups within 100 ms', Number(figures['rollup 30 d']) < 100);
  save('rollups', machine, { rows, ...costs, pairs, calls_bytes, rollup_bytes, cells, pass_s, ...figures });
} finally {
  await settling.stop();
}
