import type { ConnectionOptions } from 'node:tls';
import kafkajs, { type Kafka, type LogEntry, type SASLOptions } from 'kafkajs';
import type { Log } from '../../schemas/log.ts';
import './repairs.ts';
import { createSockets, type Sockets } from './sockets.ts';

export interface ClientOptions {
  /** `host:port` of some brokers; the others are learnt from them. */
  brokers: string[];
  client_id: string;
  ssl?: boolean | ConnectionOptions | undefined;
  sasl?:
    | { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string }
    | undefined;
  log: Log;
}

export interface Client {
  kafka: Kafka;
  sockets: Sockets;
}

const REPEAT_MS = 10_000;

/**
 * A kafkajs client of its own, with its own sockets and state: two consumers of one group must not share one,
 * and a client that has gone wrong is replaced, not repaired.
 */
export function createClient(options: ClientOptions, timeouts: { request_timeout_ms: number }): Client {
  const { ssl, sasl } = options;
  const sockets = createSockets();
  const kafka = new kafkajs.Kafka({
    brokers: options.brokers,
    clientId: options.client_id,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    connectionTimeout: 1000,
    requestTimeout: timeouts.request_timeout_ms,
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1000 },
    socketFactory: sockets.factory,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => logTo(options.log, sockets),
  });
  return { kafka, sockets };
}

/**
 * kafkajs calls an error what it then retries, so its errors are warnings here; the adapter reports what failed.
 * In an outage it says the same for every request: repeats within some seconds are for debugging.
 */
function logTo(log: Log, sockets: Sockets): (entry: LogEntry) => void {
  const said = new Map<string, number>();
  return ({ namespace, level, log: { message, timestamp: _, logger: __, stack: ___, ...fields } }) => {
    const line = `kafkajs ${namespace}: ${message}`;
    const now = Date.now();
    const repeated = now - (said.get(line) ?? 0) < REPEAT_MS;
    if (said.size > 100) said.clear();
    said.set(line, now);
    const expected = sockets.isClosed() || isFalseAlarm(namespace, message);
    const quiet = repeated || expected || level > kafkajs.logLevel.WARN;
    log(quiet ? 'debug' : 'warn', line, fields);
  };
}

/** A broker's error answer is also thrown to whoever asked; late answers and rebalances are everyday. */
function isFalseAlarm(namespace: string, message: string): boolean {
  return (
    namespace === 'RequestQueue' ||
    (namespace === 'Connection' && message.startsWith('Response ')) ||
    (namespace === 'Runner' && message.startsWith('The group is rebalancing'))
  );
}
