/** Span, its events and its status. */
import { DecodedEvent, DecodedSpan } from './decoded.ts';
import { idFault, parentId, SPAN_ID_BYTES, TRACE_ID_BYTES } from './ids.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { readAttribute, readText } from './protobuf-value.ts';
import type { Resource, Scope, Span, SpanEvent } from './span.ts';
import { microseconds, millisecondsBetween } from './time.ts';

const MAX_KIND = 5;
const MAX_STATUS_CODE = 2;

/** A Span up to `end`; what makes it unfit to store is in its `fault`. */
export function readSpan(reader: ProtobufReader, end: number, resource: Resource, scope: Scope): Span {
  reader.countObject();
  reader.cut = false;
  const span = new DecodedSpan(resource, scope);
  let startLo = 0;
  let startHi = 0;
  let endLo = 0;
  let endHi = 0;
  let dropped = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 10:
        span.trace_id = reader.view(end);
        break;
      case 18:
        span.span_id = reader.view(end);
        break;
      case 34:
        span.parent_span_id = parentId(reader.view(end));
        break;
      case 42:
        span.name = readText(reader, end);
        break;
      case 48:
        span.kind = reader.small(end, MAX_KIND);
        break;
      case 57:
        reader.fixed64(end);
        startLo = reader.lo;
        startHi = reader.hi;
        break;
      case 65:
        reader.fixed64(end);
        endLo = reader.lo;
        endHi = reader.hi;
        break;
      case 74:
        if (readAttribute(reader, end, span.attributes)) dropped += 1;
        break;
      case 80:
        span.dropped_attributes = reader.varint(end) >>> 0;
        break;
      case 90:
        readEvent(reader, reader.lengthEnd(end), span.events);
        break;
      case 122:
        readStatus(reader, reader.lengthEnd(end), span);
        break;
      default:
        reader.skip(tag, end);
    }
  }
  span.start_us = microseconds(startHi, startLo);
  span.duration_ms = millisecondsBetween(startHi, startLo, endHi, endLo);
  span.dropped_attributes += dropped;
  span.truncated = reader.cut;
  span.fault =
    idFault('trace_id', span.trace_id, TRACE_ID_BYTES) ??
    idFault('span_id', span.span_id, SPAN_ID_BYTES) ??
    (startLo === 0 && startHi === 0 ? 'start_time_unix_nano is 0 or missing' : undefined);
  return span;
}

function readEvent(reader: ProtobufReader, end: number, into: SpanEvent[]): void {
  if (into.length >= reader.limits.events_per_span) {
    reader.pos = end;
    reader.cut = true;
    return;
  }
  reader.countObject();
  const event = new DecodedEvent();
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === 9) {
      reader.fixed64(end);
      event.time_us = microseconds(reader.hi, reader.lo);
    } else if (tag === 18) event.name = readText(reader, end);
    else if (tag === 26) readAttribute(reader, end, event.attributes);
    else reader.skip(tag, end);
  }
  into.push(event);
}

function readStatus(reader: ProtobufReader, end: number, span: Span): void {
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === 18) span.status_message = readText(reader, end);
    else if (tag === 24) span.status_code = reader.small(end, MAX_STATUS_CODE);
    else reader.skip(tag, end);
  }
}
