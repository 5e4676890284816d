/** An engine with tables, and the three ways of one answer: from scratch, from calls less stored repeats, from rollups. */
import assert from 'node:assert/strict';
import { createClickhouseWarehouse } from '../../../../adapters/clickhouse-warehouse.ts';
import type { SettleStore } from '../../../../ingest/settle/store.ts';
import { BlockBuilder } from '../../../../schemas/native/block-builder.ts';
import type { RepeatMode } from '../../../../schemas/queries/counting.ts';
import type { DimensionName } from '../../../../schemas/queries/dimensions.ts';
import type { Filter } from '../../../../schemas/queries/filters.ts';
import { askFirst, ofWindow } from '../../../../schemas/queries/first-statements.ts';
import type { MetricName } from '../../../../schemas/queries/metrics.ts';
import { projectOfKey } from '../../../../schemas/queries/project.ts';
import { rollupStatement } from '../../../../schemas/queries/rollup.ts';
import type { Statement } from '../../../../schemas/queries/statement.ts';
import { withCounting } from '../../../../schemas/queries/with-counting.ts';
import { type CallRow, calls } from '../../../../schemas/record/calls.ts';
import type { Warehouse } from '../../../../schemas/seams.ts';
import { migrate } from '../../../../schemas/tables/migrations.ts';
import { startTestEngine, type TestEngine } from '../../../support/engine.ts';

export const CALLS_DAYS = 90;
const HOUR_MS = 3_600_000;

export interface Settling extends TestEngine {
  writer: Warehouse;
  reader: Warehouse;
  store: SettleStore;
  insert(rows: readonly CallRow[]): Promise<void>;
}

export async function startSettling(): Promise<Settling> {
  const test = await startTestEngine();
  const { url, writer, reader, database } = test.engine;
  const writing = createClickhouseWarehouse({ url, ...writer, database });
  const reading = createClickhouseWarehouse({ url, ...reader, database });
  await migrate(writing, {
    database,
    retention: { payloads_days: 14, calls_days: CALLS_DAYS, rollups_days: 400 },
  });
  return {
    ...test,
    writer: writing,
    reader: reading,
    store: { warehouse: writing, database, calls_days: CALLS_DAYS, now: Date.now },
    async insert(rows) {
      const block = new BlockBuilder(calls);
      for (const row of rows) block.append(row);
      await writing.insert(await block.finish());
    },
    async stop() {
      await Promise.all([writing.close(), reading.close()]);
      await test.stop();
    },
  };
}

export type Answer = Record<string, number | string | null>[];

export interface Question {
  project: string;
  from_ms: number;
  to_ms: number;
  metrics?: readonly MetricName[];
  group_by?: readonly DimensionName[];
  filters?: readonly Filter[];
  interval_ms?: number;
  /** By default now. */
  now_ms?: number;
  /** `scratch` is the definition; `calls` and `cells` are what the API answers from. */
  from: 'scratch' | 'calls' | 'cells';
}

export const COUNTS: readonly MetricName[] = [
  'calls',
  'errors',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'unpriced_calls',
  'latency_max_ms',
];

/** Asks as the API does, both statements. */
export async function ask({ reader, engine }: Settling, question: Question): Promise<Answer> {
  const scope = {
    database: engine.database,
    project: projectOfKey(question.project),
    from_ms: question.from_ms,
    to_ms: question.to_ms,
    now_ms: question.now_ms ?? Date.now(),
    calls_days: CALLS_DAYS,
  };
  const answer = async (counting: Parameters<Parameters<typeof withCounting>[3]>[0]): Promise<Answer> => {
    const { sql, params } = rollupStatement({
      scope: { ...scope, counting },
      metrics: question.metrics ?? COUNTS,
      group_by: question.group_by ?? ['model', 'service'],
      interval_ms: question.interval_ms ?? HOUR_MS,
      filters: question.filters ?? [],
      order_by: [],
      limit: 100_000,
      source: question.from === 'cells' ? 'cells' : 'calls',
    });
    return (await reader.query<Answer[number]>(sql, { params })).rows;
  };
  if (question.from !== 'scratch') return withCounting(reader, scope, undefined, answer);
  const mode: RepeatMode = 'scratch';
  const ask = async ({ sql, params }: Statement) => (await reader.query(sql, { params })).rows;
  return answer(await askFirst(ofWindow(scope, mode), ask));
}

/** Sums of floating-point numbers depend on the order of adding; nothing else may differ. */
export function assertSame(actual: Answer, expected: Answer, what: string): void {
  const close = (a: unknown, b: unknown): boolean =>
    typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) <= 1e-9 * Math.abs(b) : a === b;
  assert.equal(actual.length, expected.length, `${what}: number of rows`);
  for (const [index, row] of expected.entries()) {
    for (const [name, value] of Object.entries(row)) {
      const got = actual[index]![name];
      assert.ok(close(got, value), `${what}: ${name} is ${got}, not ${value}, of ${JSON.stringify(row)}`);
    }
  }
}
