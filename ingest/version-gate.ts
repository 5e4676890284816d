/** Holds back messages of a newer record: their new columns would be dropped in silence by these tables. */

import type { Log } from '../schemas/log.ts';
import { RECORD_VERSION } from '../schemas/record/version.ts';
import { UnavailableError } from '../schemas/seams.ts';
import type { BlockMessage, IngestStatus } from './types.ts';

const LOG_INTERVAL_MS = 60_000;
/** A rejected batch comes again well within this time; if it does not, the partition is another consumer's now. */
const FORGET_MS = 120_000;

type TooNew = IngestStatus['too_new'][number];

export interface VersionGate {
  /** Throws UnavailableError if a message, all being of one partition, has a newer record than this program. */
  pass(messages: BlockMessage[]): void;
  tooNew(): TooNew[];
}

export function explainTooNew({ topic, partition, record_version }: TooNew): string {
  return (
    `Partition ${partition} of topic ${topic} holds blocks of record version ${record_version}, this program knows ` +
    `versions up to ${RECORD_VERSION}: upgrade ingest. The messages wait in Kafka until then.`
  );
}

export function createVersionGate(log: Log): VersionGate {
  const held = new Map<string, TooNew & { seen_at_ms: number; logged_at_ms: number }>();
  return {
    pass(messages) {
      const first = messages[0];
      if (!first) return;
      const { topic, partition } = first.message;
      const key = `${topic}/${partition}`;
      const newer = messages.find(({ block }) => block.record_version > RECORD_VERSION);
      if (!newer) {
        held.delete(key);
        return;
      }
      const now = Date.now();
      const { record_version } = newer.block;
      const sentence = explainTooNew({ topic, partition, record_version });
      const logged_at_ms = held.get(key)?.logged_at_ms ?? 0;
      const due = now - logged_at_ms >= LOG_INTERVAL_MS;
      if (due) log('error', sentence, { topic, partition, offset: newer.message.offset, record_version });
      held.set(key, {
        topic,
        partition,
        record_version,
        seen_at_ms: now,
        logged_at_ms: due ? now : logged_at_ms,
      });
      throw new UnavailableError(sentence);
    },
    tooNew() {
      const now = Date.now();
      return [...held.values()]
        .filter(({ seen_at_ms }) => now - seen_at_ms < FORGET_MS)
        .map(({ topic, partition, record_version }) => ({ topic, partition, record_version }));
    },
  };
}
