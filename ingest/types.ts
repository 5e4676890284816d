import type { Registry } from 'prom-client';
import type { Log } from '../schemas/log.ts';
import type { Bus, CallBlock, ReceivedMessage, Warehouse } from '../schemas/seams.ts';

export interface IngestLimits {
  /** Largest insert; an insert starts as soon as so much waits. */
  max_rows: number;
  max_bytes: number;
  /** Else an insert starts this long after its first message came, */
  max_wait_ms: number;
  /** and this long after the last insert into its table started. */
  min_interval_ms: number;
  /** Inserts into one table at a time. */
  max_in_flight: number;
  /** How long stop() waits for inserts under way before it leaves their messages uncommitted. */
  stop_timeout_ms: number;
}

export interface IngestOptions {
  bus: Bus;
  /** As a user that may insert. The tables must exist: migrate first. */
  warehouse: Warehouse;
  /** Topic of the calls; the others are named after it. */
  topic: string;
  group: string;
  /** Partitions of topics that do not exist yet. Default 6. */
  partitions?: number;
  registry: Registry;
  log: Log;
  limits?: Partial<IngestLimits>;
}

/** A message whose headers were understood. */
export interface BlockMessage {
  message: ReceivedMessage;
  block: CallBlock;
}

export interface IngestStatus {
  state: 'stopped' | 'starting' | 'consuming' | 'stopping' | 'crashed';
  /** Since the start of this process. */
  stored: { messages: number; rows: number; bytes: number };
  dead_letters: number;
  /** Inserts that have failed and are tried again. */
  retrying: { table: string; messages: number; failures: number; since_ms: number; error: string }[];
  /** Partitions that stand still until this program is upgraded. */
  too_new: { topic: string; partition: number; record_version: number }[];
  /** When something was last stored, in milliseconds since 1970. */
  last_stored_at_ms: number | null;
}
