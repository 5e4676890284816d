/** Works out the cost of stored calls anew, under the prices of today: shows the difference first, writes it when asked. */
import {
  createNewPrices,
  hoursWithCallsStatement,
  type PricedCallRow,
  pricedCallsStatement,
  rewriteStatement,
} from '../../schemas/queries/repricing.ts';
import type { Warehouse } from '../../schemas/seams.ts';
import { pricedModel } from '../normalise/model-names.ts';
import type { PriceFields, Pricer } from './pricer.ts';

export interface RepriceOptions {
  warehouse: Warehouse;
  database: string;
  price: Pricer;
  from_ms: number;
  to_ms: number;
  project?: string | undefined;
  model?: string | undefined;
  /** Write the new costs; else only tell. */
  apply: boolean;
  onProgress?: (done: { hours: number; of: number; calls: number }) => void;
}

/** Of one provider and model: what the cost was and what it would be. Null where no call is priced. */
export interface ModelDifference {
  provider: string;
  model: string;
  calls: number;
  changed: number;
  unpriced_before: number;
  unpriced_after: number;
  before_usd: number;
  after_usd: number;
}

export interface RepriceReport {
  calls: number;
  changed: number;
  models: ModelDifference[];
}

function priceOf(row: PricedCallRow, price: Pricer): PriceFields {
  return price({ ...row, model: pricedModel(row.model, row.response_model) });
}

const SAME_USD = 5e-13;

function differs(row: PricedCallRow, now: PriceFields): boolean {
  if ((row.cost_usd === null) !== (now.cost_usd === null)) return true;
  if (row.cost_usd !== null && Math.abs(row.cost_usd - now.cost_usd!) > SAME_USD) return true;
  return row.cost_status !== now.cost_status;
}

class Differences {
  readonly #byModel = new Map<string, ModelDifference>();

  add(row: PricedCallRow, now: PriceFields, changed: boolean): void {
    const key = `${row.provider}\0${row.model}`;
    let model = this.#byModel.get(key);
    if (model === undefined) {
      model = {
        provider: row.provider,
        model: row.model,
        calls: 0,
        changed: 0,
        unpriced_before: 0,
        unpriced_after: 0,
        before_usd: 0,
        after_usd: 0,
      };
      this.#byModel.set(key, model);
    }
    model.calls++;
    if (changed) model.changed++;
    if (row.cost_usd === null) model.unpriced_before++;
    if (now.cost_usd === null) model.unpriced_after++;
    model.before_usd += row.cost_usd ?? 0;
    model.after_usd += now.cost_usd ?? 0;
  }

  report(): RepriceReport {
    const models = [...this.#byModel.values()].sort(
      (a, b) =>
        Math.abs(b.after_usd - b.before_usd) - Math.abs(a.after_usd - a.before_usd) || b.calls - a.calls,
    );
    const total = (of: (model: ModelDifference) => number): number =>
      models.reduce((sum, model) => sum + of(model), 0);
    return { calls: total(({ calls }) => calls), changed: total(({ changed }) => changed), models };
  }
}

/** Hour by hour, so that memory is bounded; a run that was broken off may simply run again. */
export async function reprice(options: RepriceOptions): Promise<RepriceReport> {
  const { warehouse, database, price, from_ms, to_ms } = options;
  const found = hoursWithCallsStatement({ database, from_ms, to_ms });
  const { rows: hours } = await warehouse.query<{ hour: number }>(found.sql, { params: found.params });
  const differences = new Differences();
  const table = `new_prices_${process.pid}_${Date.now()}`;
  if (options.apply) await warehouse.command(createNewPrices(database, table));
  try {
    let calls = 0;
    for (const [index, { hour }] of hours.entries()) {
      const statement = pricedCallsStatement({
        database,
        hour,
        project: options.project,
        model: options.model,
      });
      const { rows } = await warehouse.query<PricedCallRow>(statement.sql, { params: statement.params });
      const changes: Record<string, unknown>[] = [];
      for (const row of rows) {
        if (row.started_ms < from_ms || row.started_ms >= to_ms) continue;
        const now = priceOf(row, price);
        const changed = differs(row, now);
        differences.add(row, now, changed);
        if (changed) changes.push({ project: row.project, trace: row.trace, span: row.span, ...now });
      }
      if (options.apply && changes.length > 0) await write(options, table, hour, changes);
      calls += rows.length;
      options.onProgress?.({ hours: index + 1, of: hours.length, calls });
    }
  } finally {
    if (options.apply) await warehouse.command(`DROP TABLE IF EXISTS ${database}.${table}`);
  }
  return differences.report();
}

async function write(
  { warehouse, database }: RepriceOptions,
  table: string,
  hour: number,
  changes: Record<string, unknown>[],
): Promise<void> {
  await warehouse.insertRows(table, changes.map(asDecimals));
  const rewrite = rewriteStatement({ database, table, hour });
  await warehouse.command(rewrite.sql, { params: rewrite.params });
  await warehouse.command(`TRUNCATE TABLE ${database}.${table}`);
}

/** Dollars as text, so that JSON carries all their places. */
function asDecimals(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name.endsWith('_usd') && typeof value === 'number' ? value.toFixed(12) : value,
    ]),
  );
}
