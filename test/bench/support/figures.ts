/** Questions of analysts, asked over the query API, each in turn with a bare scan of the calls that it is about. */
import { createClickhouseWarehouse } from '../../../adapters/clickhouse-warehouse.ts';
import type { Engine } from '../../../engine/supervisor.ts';
import { createQueryApi } from '../../../query-api/server.ts';
import { createKeyRing } from '../../../schemas/identity/key-ring.ts';
import { createKeyedHash } from '../../../schemas/identity/keyed-hash.ts';
import { median } from './bench.ts';
import { HASH_KEY, RETENTION } from './lines.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Asked {
  engine: Pick<Engine, 'url' | 'database' | 'reader' | 'writer'>;
  project: string;
  /** Whole hours; all before it is settled. */
  to_ms: number;
  /** How far back there are calls. */
  days: number;
  rounds: number;
}

export interface Figure {
  question: string;
  /** Medians; `scan_ms` of the bare scan of the same window. */
  ms: number;
  worst_ms: number;
  scan_ms: number;
  /** Deliveries in the window. */
  rows: number;
  ratio: number;
  /** Of the answers: 200, or why there was none. */
  status: number;
}

interface Question {
  question: string;
  days: number;
  /** Path and parameters, without the window unless it is another. Several are asked in turn: nobody looks the same up twice. */
  urls: string[];
  /** What a bare scan of the window selects, and by what. */
  scan: { select: string; where?: string; group_by?: string };
}

const HOURLY = {
  select: 'hour, model, count(), quantileExactInclusive(0.95)(duration_ms)',
  group_by: 'hour, model',
};
const hourly = (days: number, quantiles: 'sketch' | 'exact'): Question => ({
  question: `p95 by model by hour, ${days} d, ${quantiles === 'sketch' ? 'rollups' : 'exact'}`,
  days,
  urls: [
    `/v1/rollups?metrics=calls,latency_p95_ms&group_by=model&interval=1h&limit=1000&quantiles=${quantiles}`,
  ],
  scan: HOURLY,
});

const SOME_CALLS = 31;
/** Of questions about single calls so many are not timed: as of a server that has been up for a while. */
const WARM_CALLS = 10;

/** Hours of all days, not the newest. */
function hoursOfSome(to_ms: number, days: number): number[] {
  const hours = days * 24 - 6;
  const step = Math.max(1, Math.floor(hours / SOME_CALLS));
  return Array.from(
    { length: Math.min(SOME_CALLS, hours) },
    (_, index) => to_ms / HOUR_MS - 6 - index * step,
  );
}

/** Ids in hex. */
interface Some {
  trace_id: string;
  span_id: string;
  response_hash: string;
}

/** Questions about some calls of all days, and the condition that a scan would find the first by. */
function lookups(to_ms: number, days: number, some: readonly Some[]): Question[] {
  const one = some[0]!;
  const find = (question: string, urls: string[], where: string): Question => ({
    question,
    days,
    urls,
    scan: { select: 'count(), max(started_at)', where },
  });
  return [
    find(
      'a trace by its id',
      some.map(({ trace_id }) => `/v1/traces/${trace_id}`),
      `trace_id = unhex('${one.trace_id}')`,
    ),
    find(
      'one call with all about it',
      some.map(({ trace_id, span_id }) => `/v1/calls/${trace_id}/${span_id}`),
      `trace_id = unhex('${one.trace_id}') AND span_id = unhex('${one.span_id}')`,
    ),
    find(
      'calls by error type',
      // The newest before some moments of all days.
      hoursOfSome(to_ms, days).map(
        (hour) => `/v1/calls?error_type=timeout&limit=100&from=${to_ms - days * DAY_MS}&to=${hour * HOUR_MS}`,
      ),
      `error_type = 'timeout' AND identity(error_type) != ''`,
    ),
    find(
      'calls by response hash',
      some.map(({ response_hash }) => `/v1/calls?response_hash=${response_hash}&limit=100`),
      `response_hash = unhex('${one.response_hash}')`,
    ),
  ];
}

function questions(days: number): Question[] {
  const windows = [1, 7, 30].filter((window) => window <= days);
  const week = Math.min(7, days);
  return [
    ...windows.map((window) => hourly(window, 'sketch')),
    ...windows.map((window) => hourly(window, 'exact')),
    {
      question: `cost by service by day, ${days} d`,
      days,
      urls: ['/v1/rollups?metrics=cost_usd&group_by=service&interval=1d'],
      scan: { select: 'intDiv(hour, 24) AS day, service, sum(cost_usd)', group_by: 'day, service' },
    },
    {
      question: `error types, ${week} d`,
      days: week,
      urls: ['/v1/errors?group_by=error_type'],
      scan: { select: 'error_type, count()', group_by: 'error_type' },
    },
    {
      question: `two models compared, ${week} d`,
      days: week,
      urls: ['/v1/compare?baseline=model:model-0&candidate=model:model-1'],
      scan: { ...HOURLY, where: `model IN ('model-0', 'model-1')` },
    },
  ];
}

/** With `open` the windows end two hours later, with hours that are not settled. */
export async function askFigures(asked: Asked, open = false): Promise<Figure[]> {
  const { engine, project, days, rounds } = asked;
  const to_ms = asked.to_ms + (open ? 2 * HOUR_MS : 0);
  const connect = (user: 'reader' | 'writer') =>
    createClickhouseWarehouse({ url: engine.url, database: engine.database, ...engine[user] });
  const [reader, writer] = [connect('reader'), connect('writer')];
  const key = 'a-read-key-of-the-bench';
  const api = await createQueryApi({
    warehouse: reader,
    database: engine.database,
    keyRing: createKeyRing({ ingest: [], read: [{ project, key }] }),
    keyedHash: createKeyedHash(HASH_KEY),
    user_ids: 'pseudonym',
    retention: RETENTION,
    version: 'bench',
  });
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  try {
    const { rows: some } = await writer.query<Some>(
      `SELECT lower(hex(trace_id)) AS trace_id, lower(hex(span_id)) AS span_id,
  lower(hex(assumeNotNull(response_hash))) AS response_hash
FROM ${engine.database}.calls WHERE project = '${project}' AND hour IN (${hoursOfSome(to_ms, days).join(', ')})
ORDER BY cityHash64(hour) LIMIT 1 BY hour`,
    );
    const figures: Figure[] = [];
    for (const { question, days: window, urls, scan } of [
      ...questions(days),
      ...(open ? [] : lookups(to_ms, days, some)),
    ]) {
      const from_ms = to_ms - window * DAY_MS;
      const full = urls.map((url) =>
        url.includes('?') && !url.includes('&to=') ? `${url}&from=${from_ms}&to=${to_ms}` : url,
      );
      const range = `project = '${project}' AND hour >= ${from_ms / HOUR_MS} AND hour < ${to_ms / HOUR_MS}`;
      const bare = `SELECT ${scan.select} FROM ${engine.database}.calls WHERE ${range}${scan.where ? ` AND ${scan.where}` : ''}${scan.group_by ? ` GROUP BY ${scan.group_by}` : ''}`;
      const [ms, scan_ms]: [number[], number[]] = [[], []];
      const scanBare = () => writer.query(bare, { settings: { use_skip_indexes: 0 } });
      let status = 0;
      const warm = urls.length > 1 ? Math.min(WARM_CALLS, urls.length - 1) : 1;
      for (let round = 0; round <= Math.max(rounds, urls.length - 1); round++) {
        const url = full[round % full.length]!;
        const took = await timed(async () => {
          const reply = await api.inject({ url, headers: { authorization: `Bearer ${key}` } });
          status = reply.statusCode;
        });
        // What looks one call up does not follow upon a scan of the table, which leaves nothing of it in the caches.
        if (urls.length === 1 || round < rounds) scan_ms.push(await timed(scanBare));
        if (round < warm && status === 200) continue;
        ms.push(took);
        if (status !== 200) break;
      }
      const number = await writer.query<{ n: number | string }>(
        `SELECT count() AS n FROM ${engine.database}.calls WHERE ${range}`,
      );
      const [one, other] = [median(ms), median(scan_ms)];
      figures.push({
        question,
        ms: one,
        worst_ms: Math.max(...ms),
        scan_ms: other,
        rows: Number(number.rows[0]!.n),
        ratio: one / other,
        status,
      });
    }
    return figures;
  } finally {
    await api.close();
    await Promise.all([reader.close(), writer.close()]);
  }
}
