/** Says in the database what of the log is not stored yet: whoever answers questions need not know the log. */
import type { Log } from '../schemas/log.ts';
import type { Bus, Warehouse } from '../schemas/seams.ts';
import { LAG_TABLE } from '../schemas/tables/ddl.ts';

export interface LagReportOptions {
  bus: Bus;
  warehouse: Warehouse;
  group: string;
  topics: string[];
  log: Log;
  interval_ms?: number;
}

const INTERVAL_MS = 10_000;

/** While Kafka or the database is away nothing is said, and the last report grows old. */
export function startLagReports(options: LagReportOptions): { stop(): void } {
  const { bus, warehouse, group, topics, log } = options;
  let under_way = false;
  const report = async (): Promise<void> => {
    if (under_way) return;
    under_way = true;
    try {
      const lag = await bus.lag(group, topics);
      if (lag.length > 0) {
        await warehouse.insertRows(
          LAG_TABLE,
          lag.map(({ topic, partition, lag: messages }) => ({ topic, partition, messages })),
        );
      }
    } catch (error) {
      log('debug', 'the lag could not be reported', { error: String(error) });
    } finally {
      under_way = false;
    }
  };
  void report();
  const timer = setInterval(report, options.interval_ms ?? INTERVAL_MS).unref();
  return { stop: () => clearInterval(timer) };
}
