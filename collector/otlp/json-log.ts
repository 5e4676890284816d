/** LogRecord in OTLP/JSON. */
import { DecodedLogRecord } from './decoded.ts';
import type { JsonCursor, JsonObject } from './json-cursor.ts';
import { notHex, readId } from './json-ids.ts';
import { readAnyValue, readAttributes } from './json-value.ts';
import { settleLogRecord } from './log-record.ts';
import type { LogRecord, Resource, Scope } from './span.ts';

const NS_PER_US = 1_000n;

/** A log record; what makes it unfit to store is in its `fault`. */
export function readLogRecord(
  cursor: JsonCursor,
  json: JsonObject,
  resource: Resource,
  scope: Scope,
): LogRecord {
  cursor.countObject();
  cursor.cut = false;
  const record = new DecodedLogRecord(resource, scope);
  record.trace_id = readId(cursor, json.traceId, 'traceId');
  record.span_id = readId(cursor, json.spanId, 'spanId');
  if (record.trace_id === undefined) record.fault = notHex('trace_id');
  else if (record.span_id === undefined) record.fault = notHex('span_id');
  record.event_name = cursor.text(json.eventName, 'eventName');
  record.time_us = Number(cursor.nanoseconds(json.timeUnixNano, 'timeUnixNano') / NS_PER_US);
  record.body = readAnyValue(cursor, json.body, 'body', 0);
  readAttributes(cursor, json, record.attributes);
  record.truncated = cursor.cut;
  settleLogRecord(
    record,
    Number(cursor.nanoseconds(json.observedTimeUnixNano, 'observedTimeUnixNano') / NS_PER_US),
  );
  return record;
}
