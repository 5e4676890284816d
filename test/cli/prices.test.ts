/** `plumbline reprice` and `plumbline reconcile`, run as a user would, on the real engine. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClickhouseWarehouse } from '../../adapters/clickhouse-warehouse.ts';
import { BlockBuilder } from '../../schemas/native/block-builder.ts';
import { type CallRow, calls } from '../../schemas/record/calls.ts';
import type { Warehouse } from '../../schemas/seams.ts';
import { migrate } from '../../schemas/tables/migrations.ts';
import { startTestEngine, type TestEngine } from '../support/engine.ts';
import { plumbline as run } from '../support/plumbline.ts';
import { makeCall } from '../support/rows.ts';

const DAY_MS = 86_400_000;
const yesterday_ms = (Math.floor(Date.now() / DAY_MS) - 1) * DAY_MS;
const day = new Date(yesterday_ms).toISOString().slice(0, 10);

let engine: TestEngine;
let warehouse: Warehouse;
let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plumbline-cli-'));
  engine = await startTestEngine();
  const { url, writer, database } = engine.engine;
  warehouse = createClickhouseWarehouse({ url, ...writer, database });
  await migrate(warehouse, { database, retention: { payloads_days: 14, calls_days: 90, rollups_days: 400 } });
});
after(async () => {
  await warehouse.close();
  await engine.stop();
  await rm(directory, { recursive: true });
});

async function store(rows: CallRow[]): Promise<void> {
  const block = new BlockBuilder(calls);
  for (const row of rows) block.append(row);
  await warehouse.insert(await block.finish());
}

const plumbline = (args: string[], environment: Record<string, string> = {}) =>
  run(engine.engine, args, environment);

async function costs(project: string): Promise<Record<string, unknown>[]> {
  const { rows } = await warehouse.query<Record<string, unknown>>(
    `SELECT model, toFloat64(cost_usd) AS cost, cost_status, price_version, version, user_id
     FROM plumbline.calls FINAL WHERE project = {project:String} ORDER BY model`,
    { params: { project } },
  );
  return rows.map((row) => ({ ...row }));
}

test('reprice tells the difference first, writes it with --apply, and is done when it runs again', async () => {
  const project = 'repriced';
  const at = { project, started_at: (yesterday_ms + 3_600_000) * 1000, version: 1_000, user_id: 'u_1' };
  await store([
    makeCall({ ...at, model: 'own-model', response_model: '', cost_usd: null, cost_status: 'unpriced' }),
    makeCall({ ...at, model: 'gpt-4o', response_model: '', cost_usd: 99, cost_status: 'priced' }),
    makeCall({ ...at, model: 'gpt-4o-mini', response_model: '', cost_usd: 0.000027, cost_status: 'priced' }),
  ]);
  const prices = join(directory, 'prices.json');
  await writeFile(
    prices,
    JSON.stringify({ prices: [{ model: 'own-model', input_per_mtok_usd: 10, output_per_mtok_usd: 20 }] }),
  );
  const args = ['reprice', '--from', 'now-3d', '--project', project, '--json'];
  const before = await costs(project);
  const told = await plumbline(args, { PLUMBLINE_PRICES: prices });
  assert.equal(told.code, 0, told.stderr);
  const report = JSON.parse(told.stdout);
  assert.equal(report.calls, 3);
  assert.equal(report.changed, 2);
  const own = report.models.find(({ model }: { model: string }) => model === 'own-model');
  // 100 tokens in at $10 and 20 out at $20 a million.
  assert.deepEqual([own.unpriced_before, own.unpriced_after, own.after_usd], [1, 0, 0.0014]);
  assert.match(told.stderr, /2 of 3 calls would change; add --apply/);
  assert.deepEqual(await costs(project), before);

  const written = await plumbline([...args, '--apply'], { PLUMBLINE_PRICES: prices });
  assert.match(written.stderr, /2 of 3 calls were priced anew/);
  const [gpt4o, mini, repriced] = await costs(project);
  assert.deepEqual([gpt4o?.cost, gpt4o?.version, gpt4o?.user_id], [0.00045, 1_001, 'u_1']);
  assert.equal(mini?.version, 1_000);
  assert.deepEqual([repriced?.cost, repriced?.cost_status], [0.0014, 'override']);
  const again = await plumbline([...args, '--apply'], { PLUMBLINE_PRICES: prices });
  assert.match(again.stderr, /0 of 3 calls were priced anew/);
});

test('reconcile names what differs from an invoice and exits 1, or 0 where nothing does', async () => {
  const project = 'invoiced';
  const at = { project, started_at: (yesterday_ms + 7_200_000) * 1000 };
  await store([
    makeCall({ ...at, model: 'gpt-4o', response_model: 'gpt-4o-2024-08-06', cost_usd: 1.5 }),
    makeCall({ ...at, model: 'gpt-4o', response_model: 'gpt-4o-2024-08-06', cost_usd: 0.5 }),
  ]);
  const invoice = join(directory, 'invoice.csv');
  const header = 'start_time_iso,amount_value,amount_currency,line_item\n';
  await writeFile(
    invoice,
    `${header}${day}T00:00:00+00:00,1.2,usd,"gpt-4o-2024-08-06, input"\n${day}T00:00:00+00:00,0.8,usd,"gpt-4o-2024-08-06, output"\n`,
  );
  const equal = await plumbline(['reconcile', invoice, '--project', project]);
  assert.equal(equal.code, 0, equal.stderr);
  assert.match(equal.stdout, /gpt-4o\s+equal\s+2\s+2\.00\s+2\.00/);
  await writeFile(invoice, `${header}${day}T00:00:00+00:00,3,usd,"gpt-4o-2024-08-06, input"\n`);
  // A failed call is billed to nobody: it must not pass for one that lacks a price.
  const failed = {
    status: 'error',
    error_type: 'rate_limit',
    input_tokens: null,
    output_tokens: null,
  } as const;
  const unpriced = { cost_usd: null, cost_status: 'unpriced' } as const;
  const of = { ...at, model: 'gpt-4o', ...unpriced };
  for (const [row, finding] of [
    [makeCall({ ...of, ...failed, response_model: '' }), /price_differs/],
    [makeCall({ ...of, response_model: 'gpt-4o-2024-08-06' }), /unpriced_calls/],
  ] as const) {
    await store([row]);
    const differs = await plumbline(['reconcile', invoice, '--project', project]);
    assert.equal(differs.code, 1);
    assert.match(differs.stdout, finding);
  }
});

test('usage errors exit 2, an unreachable database 4, each in one sentence', async () => {
  assert.equal((await plumbline(['reprice'])).code, 2);
  assert.equal((await plumbline(['nonsense'])).code, 2);
  assert.equal((await plumbline(['reprice', '--from', 'now', '--to', 'now-1d'])).code, 2);
  const noFile = await plumbline(['reconcile', join(directory, 'none.csv')]);
  assert.equal(noFile.code, 2);
  assert.match(noFile.stderr, /Cannot read/);
  const away = await plumbline(['reprice', '--from', 'now-1d'], { CLICKHOUSE_URL: 'http://127.0.0.1:9' });
  assert.equal(away.code, 4);
  assert.doesNotMatch(away.stderr, /\n +at /);
});
