/**
 * The three seams of the pipeline. Everything between a span and a stored row is a pure function;
 * whatever does I/O stands behind one of these types, so each can be replaced or wrapped.
 */
import type { Readable } from 'node:stream';

/** Tables that blocks are written to. Each has its own topic and its own retention. */
export type BlockTable = 'calls' | 'payloads' | 'scores';

/**
 * What travels: rows encoded once as ClickHouse Native columns, compressed with zstd.
 * Frames may be concatenated, so several blocks of one table are one insert body.
 */
export interface CallBlock {
  table: BlockTable;
  rows: number;
  /** Version of the record the columns were written with (see record/version.ts). */
  record_version: number;
  /** Smallest and largest start of the rows, in milliseconds since 1970. */
  from_ms: number;
  to_ms: number;
  /** One or more zstd frames, each holding one or more Native blocks. */
  body: Buffer;
}

/** Resolves once the block is durable; rejects when it is not (see PermanentError for the two kinds). */
export type Sink = (block: CallBlock) => Promise<void>;

/** The same input will always fail: refuse it or dead-letter it. Every other error may be retried. */
export class PermanentError extends Error {
  override name = 'PermanentError';
}

/** The sink is full or down; the caller should try again after `retry_after_s` seconds. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
  readonly retry_after_s: number;
  constructor(message: string, options?: { cause?: unknown; retry_after_s?: number }) {
    super(message, { cause: options?.cause });
    this.retry_after_s = options?.retry_after_s ?? 1;
  }
}

/** Bound values of a query: `{name:Type}` in the text, `name` here. */
export type QueryParams = Record<string, unknown>;

export interface QueryOptions {
  params?: QueryParams;
  /** Cancels the query at the server when aborted. */
  signal?: AbortSignal;
  /** Settings of this statement; a read-only user may be refused them. */
  settings?: Record<string, string | number>;
}

export interface QueryResult<Row> {
  rows: Row[];
  /** Rows the server read to answer. */
  rows_read: number;
}

/** What we use of a ClickHouse, always over HTTP. */
export interface Warehouse {
  /**
   * Inserts the block's body as it is. Rejects with WarehouseError, or with PermanentError when the body held fewer
   * rows than the block says (those it held are stored).
   */
  insert(block: CallBlock): Promise<void>;
  /** Inserts a few rows of a table of our own bookkeeping, as JSON; calls travel as blocks. */
  insertRows(table: string, rows: readonly Record<string, unknown>[]): Promise<void>;
  query<Row>(sql: string, options?: QueryOptions): Promise<QueryResult<Row>>;
  /** The raw answer in a ClickHouse output format (CSVWithNames, Parquet, ...). */
  stream(sql: string, format: string, options?: QueryOptions): Promise<Readable>;
  command(sql: string, options?: QueryOptions): Promise<void>;
  /** Resolves when the server answers; rejects with the reason when it does not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The server refused or could not be reached. `code` is ClickHouse's error code, undefined when unreachable. */
export class WarehouseError extends Error {
  override name = 'WarehouseError';
  readonly code: number | undefined;
  constructor(message: string, options: { code?: number | undefined; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = options.code;
  }
}

export interface BusMessage {
  value: Buffer;
  headers: Record<string, string>;
}

export interface ReceivedMessage extends BusMessage {
  topic: string;
  partition: number;
  offset: string;
}

export interface TopicSpec {
  name: string;
  partitions: number;
  retention_ms: number;
  max_message_bytes: number;
}

export interface ConsumeOptions {
  group: string;
  topics: string[];
  /**
   * Handles messages of one partition, in order. The bus keeps the membership alive meanwhile and
   * commits after the promise resolves; when it rejects nothing is committed and the messages come again.
   */
  onBatch: (messages: ReceivedMessage[]) => Promise<void>;
}

/** Messages not yet committed by a group, by topic and partition. */
export interface PartitionLag {
  topic: string;
  partition: number;
  lag: number;
}

export interface Consumption {
  /** Finishes the batches under way, commits them, leaves the group. */
  stop(): Promise<void>;
  /** Settles when the consumer can no longer go on: rejects with the reason. Never settles otherwise. */
  crashed: Promise<never>;
}

/** A partitioned log. One maker today: Kafka through kafkajs (adapters/kafkajs-bus.ts). */
export interface Bus {
  /** Creates the topics that do not exist. Safe to call from several processes at once. */
  ensureTopics(topics: TopicSpec[]): Promise<void>;
  /** Resolves after all in-sync replicas have the message. Every message names its partition, in rotation. */
  publish(topic: string, message: BusMessage): Promise<void>;
  consume(options: ConsumeOptions): Promise<Consumption>;
  lag(group: string, topics: string[]): Promise<PartitionLag[]>;
  /** Resolves when a broker answers; rejects with the reason when none does. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
