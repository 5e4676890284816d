import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type SettleMetrics = ReturnType<typeof createSettleMetrics>;

/** The metrics of settling and its audit. */
export function createSettleMetrics(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name: `plumbline_${name}`, help, registers });
  const gauge = (name: string, help: string) => new Gauge({ name: `plumbline_${name}`, help, registers });
  return {
    pass_seconds: new Histogram({
      name: 'plumbline_settle_pass_seconds',
      help: 'Duration of passes that found something to do.',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
    failures: counter('settle_failures_total', 'Steps of passes that failed and are repeated.'),
    settled: counter('settle_hours_total', 'Hours of projects that were settled.'),
    waiting: gauge('settle_waiting_hours', 'Hours of projects that are due and not settled yet.'),
    lag_seconds: gauge(
      'settle_examined_lag_seconds',
      'How much younger the newest call is than the last look for repeats; 0 when there is nothing to look at.',
    ),
    audited: counter('rollup_audit_hours_total', 'Settled hours that were compared with their calls.'),
    audited_cells: counter('rollup_audit_cells_total', 'Cells that were compared.'),
    differences: counter('rollup_audit_differences_total', 'Cells that differed from their calls.'),
  };
}
