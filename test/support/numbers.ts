/** What the API must answer for calls that are known, worked out here without any code of ours, and held against it. */
import assert from 'node:assert/strict';
import { eventually } from './eventually.ts';
import type { KnownCall } from './known-calls.ts';

type Row = Record<string, string | number | null>;

const METRICS = [
  'calls',
  'errors',
  'input_tokens',
  'output_tokens',
  'latency_p50_ms',
  'latency_p95_ms',
  'latency_p99_ms',
  'latency_max_ms',
  'cost_usd',
  'unpriced_calls',
];

/** Of a sum of doubles only the last digits depend on the order of adding. */
const RELATIVE_ERROR = 1e-12;

/** Linear interpolation between order statistics, as numpy's default. */
export function percentile(values: readonly number[], level: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * level;
  const below = sorted[Math.floor(position)]!;
  return below + (sorted[Math.ceil(position)]! - below) * (position % 1);
}

function sumOf(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0);
}

function expectedRow(calls: readonly KnownCall[]): Row {
  const latency = calls.map(({ latency_ns }) => Number(latency_ns) / 1e6);
  const priced = calls.filter(({ cost_pusd }) => cost_pusd !== null);
  const cost_pusd = priced.reduce((sum, call) => sum + call.cost_pusd!, 0n);
  return {
    calls: calls.length,
    errors: calls.filter(({ error_type }) => error_type !== '').length,
    input_tokens: sumOf(calls.map(({ input_tokens }) => input_tokens)),
    output_tokens: sumOf(calls.map(({ output_tokens }) => output_tokens)),
    latency_p50_ms: percentile(latency, 0.5),
    latency_p95_ms: percentile(latency, 0.95),
    latency_p99_ms: percentile(latency, 0.99),
    latency_max_ms: Math.max(...latency),
    cost_usd: priced.length === 0 ? null : Number(cost_pusd) / 1e12,
    unpriced_calls: calls.length - priced.length,
  };
}

export interface Api {
  url: string;
  /** A read key, where there are keys. */
  key?: string;
}

/** The rows of an answer that must be good and whole. */
export async function rowsOf({ url, key }: Api, path: string): Promise<Row[]> {
  const answer = await fetch(url + path, key ? { headers: { authorization: `Bearer ${key}` } } : {});
  const text = await answer.text();
  assert.equal(answer.status, 200, `${path}: ${text}`);
  const parsed = JSON.parse(text) as { rows: Row[]; truncated: boolean };
  assert.equal(parsed.truncated, false, path);
  return parsed.rows;
}

function equalNumber(got: unknown, wanted: string | number | null): boolean {
  if (typeof got !== 'number' || typeof wanted !== 'number') return got === wanted;
  return Math.abs(got - wanted) <= Math.abs(wanted) * RELATIVE_ERROR;
}

function assertRow(got: Row | undefined, wanted: Row, name: string): void {
  assert.ok(got, `no row for ${name}`);
  for (const [metric, value] of Object.entries(wanted)) {
    assert.ok(equalNumber(got[metric], value), `${name} ${metric}: ${got[metric]}, expected ${value}`);
  }
}

const WINDOW = 'from=now-6h&to=now%2B1h&limit=1000';

async function assertGrouped(api: Api, calls: readonly KnownCall[], dimension: 'model'): Promise<void> {
  const rows = await rowsOf(api, `/v1/rollups?${WINDOW}&group_by=${dimension}&metrics=${METRICS}`);
  const groups = Map.groupBy(calls, (call) => call[dimension]);
  assert.deepEqual(rows.map((row) => row[dimension]).sort(), [...groups.keys()].sort());
  for (const [name, group] of groups) {
    assertRow(
      rows.find((row) => row[dimension] === name),
      expectedRow(group),
      name,
    );
  }
}

function counts(calls: readonly KnownCall[], name: 'conversation_id' | 'error_type'): Record<string, number> {
  const groups = Map.groupBy(calls, (call) => call[name]);
  return Object.fromEntries(
    Array.from(groups, ([key, { length }]): [string, number] => [key, length]).sort(),
  );
}

function answered(rows: readonly Row[], name: string, metric: string): Record<string, unknown> {
  return Object.fromEntries(rows.map((row): [string, unknown] => [String(row[name]), row[metric]]).sort());
}

/** Throws unless the API counts exactly these calls: none lost, none twice, none else, every number right. */
export async function assertNumbers(api: Api, calls: readonly KnownCall[]): Promise<void> {
  const conversations = await rowsOf(
    api,
    `/v1/rollups?${WINDOW}&group_by=conversation_id&metrics=calls&order_by=conversation_id`,
  );
  assert.deepEqual(answered(conversations, 'conversation_id', 'calls'), counts(calls, 'conversation_id'));
  await assertGrouped(api, calls, 'model');
  const failed = calls.filter(({ error_type }) => error_type !== '');
  const errors = await rowsOf(api, `/v1/errors?${WINDOW}`);
  assert.deepEqual(answered(errors, 'error_type', 'errors'), counts(failed, 'error_type'));
}

/** Waits until the numbers are right, and throws what is wrong with them when the time is over. */
export async function numbersBecome(
  api: Api,
  calls: readonly KnownCall[],
  timeout_ms = 10_000,
): Promise<void> {
  await eventually(() => assertNumbers(api, calls), timeout_ms);
}
