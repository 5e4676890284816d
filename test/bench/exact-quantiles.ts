/** What deduplication costs a read: /v1/latency by model and hour, with FINAL and without, one run. */
import { createClickhouseWarehouse } from '../../adapters/clickhouse-warehouse.ts';
import { createQueryApi } from '../../query-api/server.ts';
import { createKeyRing } from '../../schemas/identity/key-ring.ts';
import { createKeyedHash } from '../../schemas/identity/keyed-hash.ts';
import type { QueryOptions } from '../../schemas/seams.ts';
import { machineLine, median, optionsOf, printBar, printTable, round, save } from './support/bench.ts';
import { HASH_KEY, RETENTION, startStore } from './support/lines.ts';

const options = optionsOf({
  name: 'exact-quantiles',
  about: `/v1/latency?quantiles=exact by model and hour, for 24 h, 7 d and 30 d of deduplicated calls, against the very
statement of the API without FINAL, in turns: where each day is several parts, with calls that were delivered twice, and
where it is one. About 4 minutes by default.`,
  options: {
    rows: { default: 10_000_000, meaning: 'calls of thirty days' },
    parts: { default: 4, meaning: 'parts of a day before merging' },
    interleaved: {
      default: 0,
      meaning:
        '0: parts follow each other in time, as inserts and merges leave them; 1: each spans the whole day',
    },
    rounds: { default: 5, meaning: 'rounds of each query; figures are medians' },
    twice: { default: 10, meaning: 'of a thousand calls, how many were delivered twice' },
  },
});
const DAYS = 30;
const DAY_MS = 86_400_000;
const WINDOWS = { '24 h': 'now-24h', '7 d': 'now-7d', '30 d': 'now-30d' };
const BARS = { 'one part a day': 1.2, 'several parts a day': 2 };
type State = keyof typeof BARS;

const store = await startStore();
const { engine, warehouse } = store;
const table = `${engine.database}.calls`;
/** Noon, so that the window's first and last day are half ones, as they mostly are. */
const now_ms = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS / 2;
const first_day_ms = Math.floor(now_ms / DAY_MS) * DAY_MS - DAYS * DAY_MS;

const perDay = Math.ceil(options.rows / DAYS);

/** One part: the calls of its place within the day, and those of the place before that were delivered twice. */
function insertPart(day: number, part: number): string {
  const start_us = (first_day_ms + day * DAY_MS) * 1000;
  const step_us = Math.floor((DAY_MS * 1000) / perDay);
  const models =
    "['gpt-4.1', 'gpt-4.1-mini', 'o4-mini', 'claude-sonnet-4-5', 'claude-haiku-4-5', 'gemini-2.5-pro']";
  const share = (salt: number): string => `(cityHash64(call, ${salt}) % 1000003 + 1) / 1000004`;
  const place = options.interleaved
    ? `number % ${options.parts}`
    : `intDiv(number, ${Math.ceil(perDay / options.parts)})`;
  return `INSERT INTO ${table} (project, trace_id, span_id, started_at, version, service, provider, model,
  request_model, response_model, operation, input_tokens, output_tokens, duration_ms, ttft_ms, cost_usd, cost_status,
  status, error_type)
SELECT 'default', reinterpretAsFixedString(sipHash128(call)), reinterpretAsFixedString(cityHash64(call, 3)),
  fromUnixTimestamp64Micro(toInt64(${start_us} + number * ${step_us} + cityHash64(call, 4) % ${step_us}), 'UTC'),
  ${part + 1}, concat('service-', toString(call % 5)), 'openai', ${models}[call % 6 + 1] AS name, name, name, 'chat',
  cityHash64(call, 5) % 4000, cityHash64(call, 6) % 800,
  exp(6.5 + 0.8 * sqrt(-2 * log(${share(1)})) * cos(2 * pi() * ${share(2)})) AS duration, duration / 5,
  toDecimal64(duration / 100000, 12), 'priced', if(call % 50 = 0, 'error', 'ok'), if(call % 50 = 0, 'rate_limit', '')
FROM (SELECT number, number + ${day} * 100000000 AS call, ${place} AS place FROM numbers(${perDay}))
WHERE place = ${part} OR (place = ${part - 1} AND cityHash64(call, 7) % 1000 < ${options.twice})
SETTINGS max_block_size = 1000000, min_insert_block_size_rows = 1000000, max_threads = 1, max_insert_threads = 1`;
}

/** The API over the reading user; notes the statements it sends, so that the very same can be asked again. */
const asked: { sql: string; query: QueryOptions | undefined }[] = [];
const reader = createClickhouseWarehouse({ url: engine.url, database: engine.database, ...engine.reader });
const api = await createQueryApi({
  warehouse: {
    ...reader,
    query(sql, query) {
      asked.push({ sql, query });
      return reader.query(sql, query);
    },
  },
  database: engine.database,
  keyRing: createKeyRing({ ingest: [], read: [] }),
  keyedHash: createKeyedHash(HASH_KEY),
  user_ids: 'pseudonym',
  retention: RETENTION,
  now: () => now_ms,
  version: 'bench',
});

interface Timing {
  state: State;
  window: string;
  groups: number;
  final_ms: number;
  plain_ms: number;
  ratio: number;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function measure(state: State, window: keyof typeof WINDOWS): Promise<Timing> {
  const url = `/v1/latency?group_by=model&interval=1h&quantiles=exact&limit=1000&from=${WINDOWS[window]}`;
  asked.length = 0;
  const response = await api.inject(url);
  if (response.statusCode !== 200) throw new Error(response.body);
  // The last statement answers; those before it say what is known of repeats.
  const { sql, query } = asked.at(-1)!;
  const plain = sql.replaceAll(' FINAL', '');
  if (plain === sql) throw new Error('the API no longer asks with FINAL');
  const final_ms: number[] = [];
  const plain_ms: number[] = [];
  for (let turn = 0; turn <= options.rounds; turn++) {
    const withFinal = await timed(() => reader.query(sql, query));
    const without = await timed(() => reader.query(plain, query));
    // The first of each warms the caches up.
    if (turn === 0) continue;
    final_ms.push(withFinal);
    plain_ms.push(without);
  }
  const { rows } = response.json() as { rows: unknown[] };
  const [slow, fast] = [median(final_ms), median(plain_ms)];
  return { state, window, groups: rows.length, final_ms: slow, plain_ms: fast, ratio: slow / fast };
}

async function partsPerDay(): Promise<number> {
  const { rows } = await warehouse.query<{ parts: number }>(
    `SELECT count() / uniqExact(partition) AS parts FROM system.parts WHERE database = '${engine.database}' AND table = 'calls' AND active`,
  );
  return rows[0]!.parts;
}

try {
  await warehouse.command(`SYSTEM STOP MERGES ${table}`);
  for (let day = 0; day < DAYS; day++) {
    for (let part = 0; part < options.parts; part++) await warehouse.command(insertPart(day, part));
  }
  // The generator makes no repeats: what the settler would find when it has looked through all, which takes it minutes.
  await warehouse.command(`INSERT INTO ${engine.database}.examined (upto) SELECT now64(3)`);
  const timings: Timing[] = [];
  const parts: Record<string, number> = {};
  for (const state of ['several parts a day', 'one part a day'] as const) {
    if (state === 'one part a day') {
      await warehouse.command(`SYSTEM START MERGES ${table}`);
      for (let day = 0; day < DAYS; day++) {
        const partition = first_day_ms / DAY_MS + day;
        await warehouse.command(`OPTIMIZE TABLE ${table} PARTITION ID '${partition}' FINAL`);
      }
    }
    parts[state] = await partsPerDay();
    for (const window of Object.keys(WINDOWS) as (keyof typeof WINDOWS)[])
      timings.push(await measure(state, window));
  }
  const machine = machineLine(store.version);
  const kind = options.interleaved ? 'interleaved' : 'one after another';
  console.log(
    `${machine}; ${options.rows} calls of ${DAYS} days, parts a day: ${JSON.stringify(parts)}, ${kind}`,
  );
  printTable(
    timings.map(({ state, window, groups, final_ms, plain_ms, ratio }) => ({
      state,
      window,
      groups,
      'FINAL ms': round(final_ms, 0),
      'without ms': round(plain_ms, 0),
      ratio: `${ratio.toFixed(2)} x`,
    })),
  );
  for (const [state, bar] of Object.entries(BARS)) {
    const worst = Math.max(...timings.filter((timing) => timing.state === state).map(({ ratio }) => ratio));
    printBar(`${state}: at most ${bar} x, worst ${worst.toFixed(2)} x`, worst <= bar);
  }
  save('exact-quantiles', machine, { ...options, parts, timings });
} finally {
  await api.close();
  await reader.close();
  await store.stop();
}
