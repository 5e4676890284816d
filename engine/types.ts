import type { Log } from '../schemas/log.ts';
import type { Credentials } from './config.ts';

export type EngineState = 'starting' | 'ready' | 'restarting' | 'stopping' | 'stopped' | 'failed';

export interface EngineOptions {
  /** Holds the lock, the engine's configuration, log and tables. Made when missing. */
  data_dir: string;
  /** Made when missing; the only one that writer and reader may touch. Default `plumbline`. */
  database?: string;
  /** Port on 127.0.0.1; a free one when absent or 0. */
  http_port?: number;
  /** Cap on the engine's memory. Default: half of the machine's, at most 4 GiB. */
  max_memory_bytes?: number;
  /** Longest read, in seconds. Default 30. */
  max_read_s?: number;
  /** Inserts wait for the disk. Default false: they outlast a crash of the engine, not a power cut. */
  fsync?: boolean;
  /** How long the first start may take. Default 60,000. */
  start_timeout_ms?: number;
  /** Ends within 2 s of a start, or starts that fail, in a row, before the supervisor gives up. Default 8. */
  max_rapid_failures?: number;
  /** How long the engine may leave every ping unanswered before it counts as hung. Default 30,000. */
  hang_timeout_ms?: number;
  log?: Log;
  /** `reason` tells why, for `restarting` and `failed`. */
  onStateChange?: (state: EngineState, reason?: string) => void;
}

export interface Engine {
  /** Base URL of the HTTP interface; the same for the engine's whole life. */
  readonly url: string;
  readonly database: string;
  readonly writer: Credentials;
  readonly reader: Credentials;
  /** How often the engine was started again after it had been ready. */
  readonly restarts: number;
  readonly state: EngineState;
  /** The engine's process, undefined between two of them. */
  pid(): number | undefined;
  /** Resolves when the engine answers a statement; rejects with an EngineError otherwise. */
  ping(): Promise<void>;
  /** Ends the engine and gives the data directory free, within 5 s. Safe to call twice. */
  stop(): Promise<void>;
}
