/** The same numbers again, in plain TypeScript from the rows that count: what the API is held against. */
import type { CallRow } from '../../../schemas/record/calls.ts';

export type Value = number | null;

/** R-7, as numpy's and Excel's default. */
export function percentile(values: readonly number[], level: number): Value {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * level;
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null);
const sum = (values: readonly Value[]): Value => {
  const numbers = present(values);
  return numbers.length === 0 ? null : numbers.reduce((total, value) => total + value, 0);
};
const mean = (values: readonly Value[]): Value => divided(sum(values), present(values).length);
const max = (values: readonly Value[]): Value => {
  const numbers = present(values);
  return numbers.length === 0 ? null : Math.max(...numbers);
};
const divided = (a: Value, b: Value): Value => (a === null || !b ? null : a / b);

const tokensOf = (call: CallRow): Value =>
  call.input_tokens === null && call.output_tokens === null
    ? null
    : (call.input_tokens ?? 0) + (call.output_tokens ?? 0);
const contextUsed = (call: CallRow): Value => divided(tokensOf(call), call.context_window);
function tokensPerSecond(call: CallRow): Value {
  const output_ms = call.duration_ms - (call.ttft_ms ?? 0);
  return call.output_tokens === null || output_ms <= 0 ? null : (call.output_tokens * 1000) / output_ms;
}
const DOWN = ['server_error', 'connection', 'timeout', 'rate_limit'];
const failed = (calls: readonly CallRow[]): CallRow[] => calls.filter(({ status }) => status === 'error');

/** What the shares of a group divide by. */
export interface Bases {
  calls: number;
  errors: number;
}

export function referenceMetrics(calls: readonly CallRow[], bases: Bases): Record<string, Value> {
  const of = <T>(read: (call: CallRow) => T): T[] => calls.map(read);
  const priced = calls.filter(({ cost_usd }) => cost_usd !== null);
  const cost = sum(of(({ cost_usd }) => cost_usd));
  const errors = failed(calls).length;
  const down = calls.filter(({ error_type }) => DOWN.includes(error_type)).length;
  const latency = of(({ duration_ms }) => duration_ms);
  const ttft = present(of(({ ttft_ms }) => ttft_ms));
  const context = present(of(contextUsed));
  const unavailable = divided(down, bases.calls);
  return {
    calls: calls.length,
    errors,
    error_rate: divided(errors, bases.calls),
    error_share: divided(errors, bases.errors),
    uptime: unavailable === null ? null : 1 - unavailable,
    latency_p50_ms: percentile(latency, 0.5),
    latency_p90_ms: percentile(latency, 0.9),
    latency_p95_ms: percentile(latency, 0.95),
    latency_p99_ms: percentile(latency, 0.99),
    latency_avg_ms: mean(latency),
    latency_max_ms: max(latency),
    ttft_p50_ms: percentile(ttft, 0.5),
    ttft_p95_ms: percentile(ttft, 0.95),
    ttft_p99_ms: percentile(ttft, 0.99),
    input_tokens: sum(of((call) => call.input_tokens)),
    output_tokens: sum(of((call) => call.output_tokens)),
    cache_read_tokens: sum(of((call) => call.cache_read_tokens)),
    cache_write_tokens: sum(of((call) => call.cache_write_tokens)),
    reasoning_tokens: sum(of((call) => call.reasoning_tokens)),
    total_tokens: sum(of(tokensOf)),
    output_tokens_per_second_p50: percentile(present(of(tokensPerSecond)), 0.5),
    cost_usd: cost,
    cost_per_call_usd: divided(cost, priced.length),
    cost_per_1k_tokens_usd: divided(cost === null ? null : cost * 1000, sum(priced.map(tokensOf))),
    unpriced_calls: calls.length - priced.length,
    context_used_p50: percentile(context, 0.5),
    context_used_p95: percentile(context, 0.95),
    context_used_max: max(context),
    confidence_avg: mean(of(({ confidence }) => (confidence === null ? null : Math.fround(confidence)))),
  };
}

export interface ReferenceQuery {
  calls: readonly CallRow[];
  group_by: readonly string[];
  interval_ms?: number;
  /** Which of the calls are counted, by how they ended. */
  selected?: (call: CallRow) => boolean;
}

const OUTCOMES = ['error_type', 'status'];

function keysOf(call: CallRow, { group_by, interval_ms }: ReferenceQuery): Record<string, string>[] {
  const slices = group_by.includes('slice') && call.slices.length > 0 ? call.slices : [''];
  const start_ms = Math.floor(call.started_at / 1000);
  return slices.map((slice) => ({
    ...(interval_ms ? { time: new Date(start_ms - (start_ms % interval_ms)).toISOString() } : {}),
    ...Object.fromEntries(
      group_by.map((name) => [name, name === 'slice' ? slice : String(call[name as keyof CallRow])]),
    ),
  }));
}

/** Rows of the answer by the JSON of their keys. */
export function referenceRows(query: ReferenceQuery): Map<string, Record<string, string | Value>> {
  const selected = query.selected ?? (() => true);
  const groups = new Map<string, { key: Record<string, string>; calls: CallRow[] }>();
  const baseCalls = new Map<string, number>();
  const baseErrors = new Map<string | undefined, number>();
  const baseKey = (key: Record<string, string>): string =>
    JSON.stringify(Object.entries(key).filter(([name]) => !OUTCOMES.includes(name)));
  for (const call of query.calls) {
    const keys = keysOf(call, query);
    const time = keys[0]!.time;
    if (call.status === 'error') baseErrors.set(time, (baseErrors.get(time) ?? 0) + 1);
    for (const key of keys) {
      baseCalls.set(baseKey(key), (baseCalls.get(baseKey(key)) ?? 0) + 1);
      if (!selected(call)) continue;
      const id = JSON.stringify(key);
      const group = groups.get(id) ?? { key, calls: [] };
      group.calls.push(call);
      groups.set(id, group);
    }
  }
  return new Map(
    groups.entries().map(([id, { key, calls }]) => {
      const bases = { calls: baseCalls.get(baseKey(key)) ?? 0, errors: baseErrors.get(key.time) ?? 0 };
      return [id, { ...key, ...referenceMetrics(calls, bases) }];
    }),
  );
}
