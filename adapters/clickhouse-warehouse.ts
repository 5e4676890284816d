/** The Warehouse seam over @clickhouse/client: always HTTP to a real ClickHouse, embedded or not. */
import { Readable } from 'node:stream';
import {
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client';
import {
  type CallBlock,
  PermanentError,
  type QueryOptions,
  type QueryResult,
  type Warehouse,
  WarehouseError,
} from '../schemas/seams.ts';
import { isWholeZstd } from './zstd-frames.ts';

export interface ClickhouseOptions {
  url: string;
  username: string;
  password: string;
  database: string;
  /** A statement that has not answered by then is given up; an insert's outcome is then unknown. */
  request_timeout_ms?: number;
  /** Settings sent with every statement. None for a user with readonly=1, who may change no setting. */
  settings?: Record<string, string | number>;
}

/** Keeps ClickHouse's code; whatever has none did not get an answer. */
function asWarehouseError(error: unknown): WarehouseError {
  if (error instanceof ClickHouseError) {
    return new WarehouseError(error.message, { code: Number(error.code), cause: error });
  }
  const message = error instanceof Error ? error.message || error.name : String(error);
  return new WarehouseError(`ClickHouse did not answer: ${message}`, { cause: error });
}

async function wrapped<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asWarehouseError(error);
  }
}

export function createClickhouseWarehouse(options: ClickhouseOptions): Warehouse {
  const client = createClient({
    url: options.url,
    username: options.username,
    password: options.password,
    request_timeout: options.request_timeout_ms ?? 60_000,
    compression: { request: false, response: false },
    max_open_connections: 16,
    clickhouse_settings: (options.settings ?? {}) as ClickHouseSettings,
    log: { level: ClickHouseLogLevel.OFF },
  });

  const common = ({ params, signal, settings }: QueryOptions = {}) => ({
    ...(params ? { query_params: params } : {}),
    ...(signal ? { abort_signal: signal } : {}),
    ...(settings ? { clickhouse_settings: settings as ClickHouseSettings } : {}),
  });

  return {
    insert: async (block: CallBlock) => {
      // ClickHouse takes a zstd frame that was cut short for the end of the body, and answers that all is well.
      if (!isWholeZstd(block.body)) throw new PermanentError("The block's body is not whole zstd frames.");
      const { stream, summary } = await wrapped(() =>
        client.exec({
          query: `INSERT INTO ${options.database}.${block.table} FORMAT Native`,
          values: Readable.from([block.body], { objectMode: false }),
          http_headers: { 'Content-Encoding': 'zstd' },
          // Rows that replace each other are told apart by merges and reads anyway; doing it within each insert too
          // was more than half of what an insert cost.
          clickhouse_settings: { optimize_on_insert: 0 },
          ignore_error_response: false,
        }),
      );
      stream.resume();
      // What views have made of the rows is counted too, so of `calls` this says less than of the others.
      const stored = Number(summary?.written_rows ?? block.rows);
      if (stored < block.rows) {
        throw new PermanentError(`ClickHouse found ${stored} rows where the block says ${block.rows}.`);
      }
    },

    insertRows: (table, rows) =>
      wrapped(async () => {
        await client.insert({
          table: `${options.database}.${table}`,
          values: [...rows],
          format: 'JSONEachRow',
        });
      }),

    query: <Row>(sql: string, query?: QueryOptions): Promise<QueryResult<Row>> =>
      wrapped(async () => {
        const answer = await client.query({ query: sql, format: 'JSON', ...common(query) });
        const body = await answer.json<Row>();
        return { rows: body.data, rows_read: body.statistics?.rows_read ?? 0 };
      }),

    stream: (sql, format, query) =>
      wrapped(async () => {
        const { stream } = await client.exec({ query: `${sql}\nFORMAT ${format}`, ...common(query) });
        return stream;
      }),

    command: (sql, query) =>
      wrapped(async () => {
        await client.command({ query: sql, ...common(query) });
      }),

    ping: async () => {
      const answer = await client.ping({ select: true });
      if (!answer.success) throw asWarehouseError(answer.error);
    },

    close: () => client.close(),
  };
}
