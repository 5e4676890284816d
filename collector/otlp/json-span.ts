/** Span, its events and its status in OTLP/JSON. */
import { DecodedEvent, DecodedSpan } from './decoded.ts';
import { idFault, NO_ID, parentId, SPAN_ID_BYTES, TRACE_ID_BYTES } from './ids.ts';
import type { JsonCursor, JsonObject } from './json-cursor.ts';
import { notHex, readId } from './json-ids.ts';
import { readAttributes } from './json-value.ts';
import type { Resource, Scope, Span } from './span.ts';
import { microseconds, millisecondsBetween } from './time.ts';

const KINDS = [
  'SPAN_KIND_UNSPECIFIED',
  'SPAN_KIND_INTERNAL',
  'SPAN_KIND_SERVER',
  'SPAN_KIND_CLIENT',
  'SPAN_KIND_PRODUCER',
  'SPAN_KIND_CONSUMER',
];
const STATUS_CODES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];
const LOW_32 = 0xffff_ffffn;

/** A span; what makes it unfit to store is in its `fault`. */
export function readSpan(cursor: JsonCursor, json: JsonObject, resource: Resource, scope: Scope): Span {
  cursor.countObject();
  cursor.cut = false;
  const span = new DecodedSpan(resource, scope);
  const traceId = readId(cursor, json.traceId, 'traceId');
  const spanId = readId(cursor, json.spanId, 'spanId');
  span.trace_id = traceId ?? NO_ID;
  span.span_id = spanId ?? NO_ID;
  span.parent_span_id = parentId(readId(cursor, json.parentSpanId, 'parentSpanId') ?? NO_ID);
  span.name = cursor.text(json.name, 'name');
  span.kind = cursor.enumeration(json.kind, 'kind', KINDS);
  readTimes(cursor, json, span);
  const dropped = readAttributes(cursor, json, span.attributes);
  span.dropped_attributes = cursor.uint32(json.droppedAttributesCount, 'droppedAttributesCount') + dropped;
  readEvents(cursor, json, span);
  readStatus(cursor, json, span);
  span.truncated = cursor.cut;
  span.fault =
    (traceId ? idFault('trace_id', traceId, TRACE_ID_BYTES) : notHex('trace_id')) ??
    (spanId ? idFault('span_id', spanId, SPAN_ID_BYTES) : notHex('span_id')) ??
    span.fault;
  return span;
}

function readTimes(cursor: JsonCursor, json: JsonObject, span: Span): void {
  const start = cursor.nanoseconds(json.startTimeUnixNano, 'startTimeUnixNano');
  const end = cursor.nanoseconds(json.endTimeUnixNano, 'endTimeUnixNano');
  const startHi = Number(start >> 32n);
  const startLo = Number(start & LOW_32);
  span.start_us = microseconds(startHi, startLo);
  span.duration_ms = millisecondsBetween(startHi, startLo, Number(end >> 32n), Number(end & LOW_32));
  if (start === 0n) span.fault = 'start_time_unix_nano is 0 or missing';
}

function readEvents(cursor: JsonCursor, json: JsonObject, span: Span): void {
  const list = cursor.list(json.events, 'events');
  const kept = Math.min(list.length, cursor.limits.events_per_span);
  if (kept < list.length) cursor.cut = true;
  cursor.enter('events');
  for (let i = 0; i < kept; i++) {
    cursor.enter(i);
    cursor.countObject();
    const item = cursor.objectOf(list[i]);
    const event = new DecodedEvent();
    const time = cursor.nanoseconds(item.timeUnixNano, 'timeUnixNano');
    event.name = cursor.text(item.name, 'name');
    event.time_us = microseconds(Number(time >> 32n), Number(time & LOW_32));
    readAttributes(cursor, item, event.attributes);
    span.events.push(event);
    cursor.leave();
  }
  cursor.leave();
}

function readStatus(cursor: JsonCursor, json: JsonObject, span: Span): void {
  cursor.enter('status');
  const status = cursor.objectOf(json.status);
  span.status_message = cursor.text(status.message, 'message');
  span.status_code = cursor.enumeration(status.code, 'code', STATUS_CODES);
  cursor.leave();
}
