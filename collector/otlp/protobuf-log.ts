/** LogRecord. */
import { DecodedLogRecord } from './decoded.ts';
import { settleLogRecord } from './log-record.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import { readAnyValue, readAttribute, readText } from './protobuf-value.ts';
import type { LogRecord, Resource, Scope } from './span.ts';
import { microseconds } from './time.ts';

/** A LogRecord up to `end`; what makes it unfit to store is in its `fault`. */
export function readLogRecord(
  reader: ProtobufReader,
  end: number,
  resource: Resource,
  scope: Scope,
): LogRecord {
  reader.countObject();
  reader.cut = false;
  const record = new DecodedLogRecord(resource, scope);
  let observed_us = 0;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 9:
        reader.fixed64(end);
        record.time_us = microseconds(reader.hi, reader.lo);
        break;
      case 42:
        record.body = readAnyValue(reader, reader.lengthEnd(end), 0);
        break;
      case 50:
        readAttribute(reader, end, record.attributes);
        break;
      case 74:
        record.trace_id = reader.view(end);
        break;
      case 82:
        record.span_id = reader.view(end);
        break;
      case 89:
        reader.fixed64(end);
        observed_us = microseconds(reader.hi, reader.lo);
        break;
      case 98:
        record.event_name = readText(reader, end);
        break;
      default:
        reader.skip(tag, end);
    }
  }
  record.truncated = reader.cut;
  settleLogRecord(record, observed_us);
  return record;
}
