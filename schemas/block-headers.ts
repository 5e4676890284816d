/** How a block is written as a Kafka message: its body is the value, the rest are headers; and the topics it goes to. */
import { type BlockTable, type BusMessage, type CallBlock, PermanentError, type TopicSpec } from './seams.ts';

const TABLES: readonly BlockTable[] = ['calls', 'payloads', 'scores'];
const RETENTION_MS = 3 * 86_400_000;
/** Largest message of the topics, headers included: a block must stay below it. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
/** A dead letter is its message and some headers more. */
const DEAD_LETTER_EXTRA_BYTES = 64 * 1024;

/** The block as a message. */
export function messageOf(block: CallBlock): BusMessage {
  return {
    value: block.body,
    headers: {
      table: block.table,
      rows: String(block.rows),
      record_version: String(block.record_version),
      from_ms: String(block.from_ms),
      to_ms: String(block.to_ms),
    },
  };
}

function integer(headers: Record<string, string>, name: string, min: number): number {
  const text = headers[name];
  if (text === undefined) throw new PermanentError(`The message has no header '${name}'.`);
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min) {
    const received = JSON.stringify(text.slice(0, 40));
    throw new PermanentError(
      `The header '${name}' is ${received}: it must be a whole number${min > 0 ? ` from ${min}` : ''}.`,
    );
  }
  return value;
}

/** The message as a block; its body is not looked at. Throws PermanentError naming the header that is missing or garbled. */
export function blockOf({ headers, value }: BusMessage): CallBlock {
  const table = TABLES.find((name) => name === headers.table);
  if (!table) {
    const received = headers.table === undefined ? 'missing' : JSON.stringify(headers.table.slice(0, 40));
    throw new PermanentError(`The header 'table' is ${received}: it must be one of ${TABLES.join(', ')}.`);
  }
  const block: CallBlock = {
    table,
    rows: integer(headers, 'rows', 1),
    record_version: integer(headers, 'record_version', 1),
    from_ms: integer(headers, 'from_ms', Number.MIN_SAFE_INTEGER),
    to_ms: integer(headers, 'to_ms', Number.MIN_SAFE_INTEGER),
    body: value,
  };
  if (block.to_ms < block.from_ms) throw new PermanentError(`The header 'to_ms' lies before 'from_ms'.`);
  return block;
}

/** Names of the topics, made from the base topic, which is that of the calls. */
export interface TopicNames extends Record<BlockTable, string> {
  dead: string;
}

export function topicNames(base: string): TopicNames {
  return { calls: base, payloads: `${base}.payloads`, scores: `${base}.scores`, dead: `${base}.dead` };
}

/** What the topics must be like; `partitions` is that of the block topics, dead letters need one. */
export function topicSpecs(base: string, options: { partitions: number }): TopicSpec[] {
  const names = topicNames(base);
  const common = { retention_ms: RETENTION_MS, max_message_bytes: MAX_MESSAGE_BYTES };
  return [
    ...TABLES.map((table) => ({ name: names[table], partitions: options.partitions, ...common })),
    {
      name: names.dead,
      partitions: 1,
      ...common,
      max_message_bytes: MAX_MESSAGE_BYTES + DEAD_LETTER_EXTRA_BYTES,
    },
  ];
}
