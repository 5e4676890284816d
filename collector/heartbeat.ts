/** A call of our own that goes through the whole line, so that its age when it can be queried tells whether the line moves. */
import { randomBytes } from 'node:crypto';
import { Counter, type Registry } from 'prom-client';
import type { Log } from '../schemas/log.ts';
import { KeyValueList, type Span } from './otlp/span.ts';

export const HEARTBEAT_SCOPE = 'plumbline.heartbeat';

function attributes(entries: Record<string, string>): KeyValueList {
  const list = new KeyValueList();
  for (const [key, value] of Object.entries(entries)) {
    list.keys.push(key);
    list.values.push(value);
  }
  return list;
}

/** Spans of one identity: in an hour each replaces the one before, so a collector leaves 24 rows a day. */
export function createHeartbeatSpan(): (now_ms: number) => Span {
  const trace_id = randomBytes(16);
  const span_id = randomBytes(8);
  return (now_ms) => ({
    resource: { attributes: attributes({ 'service.name': 'plumbline-collector' }) },
    scope: { name: HEARTBEAT_SCOPE, version: '', attributes: attributes({}) },
    trace_id,
    span_id,
    parent_span_id: new Uint8Array(8),
    name: 'heartbeat',
    kind: 1,
    start_us: Math.floor(now_ms * 1000),
    duration_ms: 0,
    attributes: attributes({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'plumbline',
      'gen_ai.request.model': 'heartbeat',
    }),
    dropped_attributes: 0,
    events: [],
    status_code: 0,
    status_message: '',
    truncated: false,
    fault: undefined,
  });
}

export interface HeartbeatOptions {
  beat: () => Promise<void>;
  /** 0 sends none. */
  interval_ms: number;
  registry: Registry;
  log: Log;
}

/** The first at once. One that cannot be stored is counted and not repeated: the next will tell. */
export function startHeartbeats({ beat, interval_ms, registry, log }: HeartbeatOptions): { stop(): void } {
  const beats = new Counter({
    name: 'plumbline_heartbeats_total',
    help: 'Heartbeats of the collector by whether they became durable.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  if (interval_ms === 0) return { stop: () => {} };
  const send = (): void => {
    beat().then(
      () => beats.inc({ outcome: 'stored' }),
      (error: unknown) => {
        beats.inc({ outcome: 'failed' });
        log('debug', 'a heartbeat could not be stored', { error: String(error) });
      },
    );
  };
  send();
  const timer = setInterval(send, interval_ms).unref();
  return { stop: () => clearInterval(timer) };
}
