/** Many calls made inside the database: spread over days, with repeats and duplicates, as ingest would have stored them. */
import type { Warehouse } from '../../../schemas/seams.ts';

export interface ManyCalls {
  database: string;
  project: string;
  calls: number;
  days: number;
  /** Length of a day; an hour would do as well. */
  day_ms?: number;
  /** End of the last day, in milliseconds since 1970. */
  to_ms: number;
  /** Shares of the calls. */
  repeats: number;
  duplicates: number;
}

const MS_PER_DAY = 86_400_000;
const MODELS = 12;

/** A call is the same whenever it is made again: everything follows from its day and its number. */
function rows(
  { project }: ManyCalls,
  from_us: number,
  step_us: number,
  kind: 'first' | 'repeat' | 'duplicate',
): string {
  const outer = kind === 'repeat';
  // The number of a day's call, so that another day's has other ids.
  const h = (salt: number): string => `cityHash64(${from_us}, number, ${salt})`;
  const started = `fromUnixTimestamp64Micro(toInt64(${from_us} + number * ${step_us} + ${h(1)} % 1000${outer ? ' - 500' : ''}), 'UTC')`;
  const columns: Record<string, string> = {
    project: `'${project}'`,
    trace_id: `toFixedString(concat(reinterpretAsString(bitOr(${h(2)}, bitShiftLeft(toUInt64(1), 63))), reinterpretAsString(bitOr(${h(outer ? 4 : 3)}, bitShiftLeft(toUInt64(1), 63)))), 16)`,
    span_id: `toFixedString(reinterpretAsString(bitOr(${h(outer ? 5 : 6)}, bitShiftLeft(toUInt64(1), 63))), 8)`,
    started_at: started,
    version: `toUInt64(${from_us} + number * ${step_us} + ${kind === 'duplicate' ? 2 : 1}000000)`,
    service: `concat('service-', toString(${h(7)} % 5))`,
    environment: `'production'`,
    process: `${h(8)} % 40`,
    operation: `'chat'`,
    provider: `'openai'`,
    model: `concat('model-', toString(${h(9)} % ${MODELS}))`,
    response_model: 'model',
    scope: outer ? `'framework'` : `'client'`,
    response_id: `concat('resp-', hex(${h(10)}))`,
    response_hash: `toFixedString(repeat(concat(reinterpretAsString(bitOr(${h(17)}, bitShiftLeft(toUInt64(1), 63))), reinterpretAsString(bitOr(${h(18)}, bitShiftLeft(toUInt64(1), 63)))), 2), 32)`,
    slices: `if(${h(11)} % 4 = 0, ['short'], [])`,
    input_tokens: `toUInt32(10 + ${h(12)} % 4000)`,
    output_tokens: `toUInt32(1 + ${h(13)} % 800)`,
    context_window: 'toUInt32(128000)',
    duration_ms: `exp(5 + (${h(14)} % 100000) / 20000.)${outer ? ' + 1' : ''}`,
    ttft_ms: `exp(4 + (${h(15)} % 100000) / 40000.)`,
    cost_usd: `toDecimal64((${h(12)} % 4000) / 1e6, 12)`,
    cost_status: `'priced'`,
    status: `if(${h(16)} % 50 = 0, 'error', 'ok')`,
    error_type: `if(${h(16)} % 50 = 0, 'timeout', '')`,
  };
  return `(${Object.keys(columns).join(', ')}) SELECT ${Object.entries(columns)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(', ')}`;
}

/** Rows of one insert: it has to end within a statement's time. */
const NUMBERS_AT_ONCE = 1_000_000;

const every = (share: number): number => Math.round(1 / share);

/** Inserts them a day at a time; resolves with the number of rows. */
export async function insertManyCalls(
  warehouse: Warehouse,
  many: ManyCalls,
  onDay?: (day: number) => void,
): Promise<number> {
  const day_ms = many.day_ms ?? MS_PER_DAY;
  const per_day = Math.floor(many.calls / many.days);
  const step_us = Math.floor((day_ms * 1000) / per_day);
  let inserted = 0;
  for (let day = 0; day < many.days; day++) {
    const from_us = (many.to_ms - (many.days - day) * day_ms) * 1000;
    const kinds = [
      ['first', 1],
      ['repeat', every(many.repeats)],
      ['duplicate', every(many.duplicates)],
    ] as const;
    for (const [kind, nth] of kinds) {
      const at_once = NUMBERS_AT_ONCE * nth;
      for (let first = 0; first < per_day; first += at_once) {
        const numbers = `numbers(${first}, ${Math.min(at_once, per_day - first)})`;
        await warehouse.command(
          `INSERT INTO ${many.database}.calls ${rows(many, from_us, step_us, kind)} FROM ${numbers} WHERE number % ${nth} = 0`,
        );
      }
      inserted += Math.ceil(per_day / nth);
    }
    onDay?.(day);
  }
  return inserted;
}
