/** What an analyst's questions cost at size: over the query API, against bare scans of the same windows. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { examine } from '../../ingest/settle/examiner.ts';
import { settleDue } from '../../ingest/settle/settle-hours.ts';
import { CLOCK_GRAIN_MS, MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import { FAILED_CALLS } from '../../schemas/tables/failed-calls.ts';
import { machineLine, optionsOf, printBar, printTable, RESULTS, round, save } from './support/bench.ts';
import { askFigures, type Figure } from './support/figures.ts';
import { startStore } from './support/lines.ts';
import { insertManyCalls } from './support/many-calls.ts';

const options = optionsOf({
  name: 'query-figures',
  about: `makes calls, finds repeats, settles, and asks the questions of analysts: percentiles by hour from rollups and exact,
costs, errors, a comparison, lookups. About 8 minutes by default, an hour for 100 M calls.`,
  options: {
    calls: { default: 10_000_000, meaning: 'calls; 1 % repeats and 2 % duplicates come on top' },
    days: { default: 30, meaning: 'days that they are spread over' },
    rounds: { default: 5, meaning: 'times each question is asked; medians are shown' },
    merged: {
      default: 1,
      meaning: '1: days but the last are one part, as they are four hours on; 0: as inserted',
    },
    keep: {
      default: 0,
      meaning:
        '1: keeps the calls below .cache/bench, and asks those that were kept there; 0: makes new ones',
    },
  },
});
const DAY_MS = 24 * MS_PER_HOUR;
const project = 'bench';
const kept_dir = join(RESULTS, `calls-${options.calls}-${options.days}-${options.merged}`);
/** Says of kept calls that they are all there, and until when they are. */
const kept_file = join(kept_dir, 'kept.json');
if (options.keep && !existsSync(kept_file)) rmSync(kept_dir, { recursive: true, force: true });
const store = await startStore(options.keep ? kept_dir : undefined);
const { engine, warehouse } = store;
const settle = { warehouse, database: engine.database, calls_days: 90, now: Date.now };
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function show(figures: readonly Figure[], title: string): void {
  printTable(
    figures.map(({ question, ms, worst_ms, scan_ms, rows, ratio, status }) => ({
      [title]: question,
      ms: status === 200 ? round(ms, 0) : `answered ${status}`,
      worst: round(worst_ms, 0),
      'bare scan ms': round(scan_ms, 0),
      ratio: `${ratio.toFixed(2)} x`,
      'rows in window': rows,
    })),
  );
}

const many = { database: engine.database, project, repeats: 0.01, duplicates: 0.02 };
const lap = (what: string): void => console.log(`${what}, ${round(performance.now() / 1000, 0)} s`);

async function settleAll(): Promise<void> {
  for (let left = 1; left > 0; ) left = (await settleDue(settle)).waiting;
}

/** Makes the calls, finds their repeats, settles their hours, and makes each day one part. */
async function make(to_ms: number): Promise<void> {
  const made = { ...many, to_ms, calls: options.calls, days: options.days };
  await insertManyCalls(warehouse, made, (day) => lap(`day ${day + 1}`));
  await sleep(CLOCK_GRAIN_MS + 500);
  await examine(settle);
  lap('examined');
  await settleAll();
  lap('settled');
  // What the database does by itself once a day has been left alone for four hours.
  const last = Math.floor(to_ms / DAY_MS) - 1;
  for (let day = last; options.merged && day >= last - options.days; day--) {
    for (const table of ['calls', FAILED_CALLS])
      await warehouse.command(`OPTIMIZE TABLE ${engine.database}.${table} PARTITION ${day} FINAL`);
  }
  lap('days merged');
}

try {
  const kept = options.keep && existsSync(kept_file);
  /** All of it is long over, so that it can be settled. */
  const to_ms: number = kept
    ? JSON.parse(readFileSync(kept_file, 'utf8')).to_ms
    : Math.floor(Date.now() / MS_PER_HOUR - 3) * MS_PER_HOUR;
  if (!kept) await make(to_ms);
  if (options.keep) writeFileSync(kept_file, JSON.stringify({ to_ms }));
  await sleep(CLOCK_GRAIN_MS);
  await examine(settle);
  // Of the time before, the calls of the open hours are left, and their neighbours have to be settled again.
  if (kept) {
    await warehouse.command(
      `ALTER TABLE ${engine.database}.calls DELETE WHERE hour >= ${to_ms / MS_PER_HOUR} SETTINGS mutations_sync = 1`,
    );
    await settleAll();
  }
  const asked = { engine, project, to_ms, days: options.days, rounds: options.rounds };
  const settled = await askFigures(asked);
  // Two hours that are not settled, the last calls of which nobody has looked at for repeats.
  const hourly = Math.ceil(options.calls / options.days / 24);
  const open = {
    ...many,
    to_ms: to_ms + 2 * MS_PER_HOUR,
    day_ms: 2 * MS_PER_HOUR,
    days: 1,
    calls: 2 * hourly,
  };
  await insertManyCalls(warehouse, open);
  await sleep(CLOCK_GRAIN_MS + 500);
  await examine(settle);
  const fresh = Math.ceil(hourly / 300);
  await insertManyCalls(warehouse, { ...open, to_ms: open.to_ms - 1_000, day_ms: 12_000, calls: fresh });
  const unsettled = await askFigures(asked, true);
  const machine = machineLine(store.version);
  console.log(`${machine}; ${options.calls} calls of ${options.days} days`);
  show(settled, 'settled');
  show(unsettled, 'with open hours');
  const exact = settled.filter(({ question }) => question.endsWith('exact'));
  const perThreeMillion = exact.map(({ ms, rows }) => ms / Math.max(1, rows / 3e6));
  printBar('exact answers within 500 ms for each 3 M calls scanned', Math.max(...perThreeMillion) <= 500);
  const lookups = settled.slice(-4);
  printBar(
    'lookups within 50 ms, the worst of each too',
    lookups.every(({ worst_ms }) => worst_ms <= 50),
  );
  save('query-figures', machine, { ...options, settled, unsettled });
} finally {
  await store.stop();
}
