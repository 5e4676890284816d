/** What both decoders do to a log record once its fields are read. */
import { idFault, SPAN_ID_BYTES, TRACE_ID_BYTES } from './ids.ts';
import type { LogRecord } from './span.ts';

/** Older emitters put the event's name here. */
const EVENT_NAME_KEY = 'event.name';

/**
 * Fills the time from the observed one and the name from its attribute where they are missing, turns empty and
 * all-zero ids into none (a log need not belong to a span), and sets `fault` for the rest.
 */
export function settleLogRecord(record: LogRecord, observed_us: number): void {
  if (record.time_us === 0) record.time_us = observed_us;
  if (record.event_name === '') {
    const name = record.attributes.values[record.attributes.keys.indexOf(EVENT_NAME_KEY)];
    if (typeof name === 'string') record.event_name = name;
  }
  if (isNone(record.trace_id)) record.trace_id = undefined;
  if (isNone(record.span_id)) record.span_id = undefined;
  record.fault ??=
    (record.trace_id && idFault('trace_id', record.trace_id, TRACE_ID_BYTES)) ??
    (record.span_id && idFault('span_id', record.span_id, SPAN_ID_BYTES)) ??
    (record.time_us === 0 ? 'time_unix_nano and observed_time_unix_nano are 0 or missing' : undefined);
}

function isNone(id: Uint8Array | undefined): boolean {
  return id?.every((byte) => byte === 0) ?? true;
}
