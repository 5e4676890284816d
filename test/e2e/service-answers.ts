/** Runs the service against a pipeline and holds what the API answers against what the service did. Both sizes alike. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { type Api, percentile, rowsOf } from '../support/numbers.ts';
import { runFile } from '../support/processes.ts';
import { RECORDED } from './recorded.ts';

/** Published prices, US dollars per million tokens. */
const PRICES: Record<string, { input: number; cached: number; output: number }> = {
  'gpt-4o': { input: 2.5, cached: 1.25, output: 10 },
  'gpt-4o-mini': { input: 0.15, cached: 0.075, output: 0.6 },
  'claude-sonnet-4-5': { input: 3, cached: 0.3, output: 15 },
};
const QUERYABLE_MS = 5_000;
const TRACED = 12;
const TRACED_WELL = 8;

function close(got: unknown, wanted: number, name: string): void {
  assert.ok(
    typeof got === 'number' && Math.abs(got - wanted) <= 1e-9 * Math.abs(wanted),
    `${name}: ${got}, not ${wanted}`,
  );
}

async function assertRecorded(api: Api): Promise<void> {
  const latency = await rowsOf(api, '/v1/latency');
  const cost = await rowsOf(api, '/v1/cost');
  for (const [model, calls] of Map.groupBy(RECORDED, (call) => call.model)) {
    const times = calls.map(({ latency_ms }) => latency_ms);
    const row = latency.find((one) => one.model === model);
    assert.equal(row?.calls, calls.length, model);
    for (const level of [50, 95, 99]) {
      close(row?.[`latency_p${level}_ms`], percentile(times, level / 100), `${model} p${level}`);
      const ttft = calls.map(({ ttft_ms }) => ttft_ms);
      close(row?.[`ttft_p${level}_ms`], percentile(ttft, level / 100), `${model} TTFT p${level}`);
    }
    const price = PRICES[model];
    const dollars = calls.map(
      ({ input_tokens: input, output_tokens: output, cache_read_tokens: cached = 0 }) =>
        price && input !== undefined
          ? ((input - cached) * price.input + cached * price.cached + output! * price.output) / 1e6
          : undefined,
    );
    const priced = dollars.filter((value) => value !== undefined);
    const spent = cost.find((one) => one.model === model);
    assert.equal(spent?.unpriced_calls, calls.length - priced.length, model);
    if (priced.length === 0) assert.equal(spent?.cost_usd, null, model);
    else
      close(
        spent?.cost_usd,
        priced.reduce((sum, value) => sum + value, 0),
        `${model} cost`,
      );
  }
}

async function assertTraced(api: Api, waited_ms: readonly number[]): Promise<void> {
  const metrics =
    'calls,errors,latency_max_ms,latency_avg_ms,ttft_p50_ms,input_tokens,output_tokens,cache_read_tokens,cost_usd';
  const [row] = await rowsOf(api, `/v1/rollups?model=gpt-4o&metrics=${metrics}`);
  assert.deepEqual([row?.calls, row?.errors], [TRACED, TRACED - TRACED_WELL]);
  // The span lies within what the caller waited; the provider's own delays lie within the span.
  assert.ok(Number(row?.latency_max_ms) <= Math.max(...waited_ms) + 1, `${row?.latency_max_ms} ms at most`);
  assert.ok(Number(row?.latency_max_ms) >= 80, `${row?.latency_max_ms} ms at most`);
  assert.ok(Number(row?.ttft_p50_ms) >= 20, `${row?.ttft_p50_ms} ms to the first token`);
  assert.equal(row?.input_tokens, 1_000 * TRACED_WELL);
  assert.equal(row?.output_tokens, 200 * TRACED_WELL);
  assert.equal(row?.cache_read_tokens, 400 * TRACED_WELL);
  // 600 × $2.5 + 400 × $1.25 + 200 × $10 a million: $0.004 a call.
  close(row?.cost_usd, 0.004 * TRACED_WELL, 'gpt-4o cost');
}

async function assertErrors(api: Api): Promise<void> {
  const failed = RECORDED.filter(({ error_type }) => error_type !== undefined).length;
  const all = RECORDED.length + TRACED;
  const errors = failed + TRACED - TRACED_WELL;
  const rows = await rowsOf(api, '/v1/errors');
  const counts = Object.fromEntries(rows.map((row) => [row.error_type, row.errors]));
  assert.deepEqual(counts, { rate_limit: failed + 2, server_error: 1, context_length: 1 });
  const limited = rows.find((row) => row.error_type === 'rate_limit');
  close(limited?.error_rate, (failed + 2) / all, 'rate of rate limits');
  close(limited?.error_share, (failed + 2) / errors, 'share of rate limits');
  const [mine] = await rowsOf(api, '/v1/errors?group_by=model&model=gpt-4o');
  close(mine?.error_rate, (TRACED - TRACED_WELL) / TRACED, 'error rate of gpt-4o');
}

/** Throws unless all calls of the service are there, exact, within five seconds of the last one's end. */
export async function assertServiceIsMeasured(otlp: string, api: Api, headers = ''): Promise<void> {
  const provider = await startFakeProvider();
  const service = runFile('test/e2e/service.ts', {
    node: ['--import', new URL('../../tracer/register.ts', import.meta.url).href],
    env: {
      PROVIDER_URL: provider.url,
      OTEL_SERVICE_NAME: 'ten-lines',
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
      ...(headers ? { OTEL_EXPORTER_OTLP_HEADERS: headers } : {}),
    },
  });
  try {
    const [line] = await service.says(/^\{.*\}$/m);
    const { ended_at_ms, waited_ms } = JSON.parse(line) as { ended_at_ms: number; waited_ms: number[] };
    await eventually(async () => {
      const [row] = await rowsOf(api, '/v1/rollups?metrics=calls&service=ten-lines');
      assert.equal(row?.calls, RECORDED.length + TRACED);
    }, QUERYABLE_MS * 3);
    const took_ms = Date.now() - ended_at_ms;
    await assertRecorded(api);
    await assertTraced(api, waited_ms);
    await assertErrors(api);
    assert.ok(took_ms < QUERYABLE_MS, `queryable after ${took_ms} ms`);
  } finally {
    await service.end('SIGTERM');
    await provider.close();
  }
}
