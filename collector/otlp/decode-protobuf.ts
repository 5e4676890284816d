/** OTLP requests in protobuf: the messages around spans and log records, whose shape both signals share. */
import { DecodedResource, DecodedScope, markTruncated } from './decoded.ts';
import { readLogRecord } from './protobuf-log.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { readSpan } from './protobuf-span.ts';
import { readAttribute, readText } from './protobuf-value.ts';
import {
  DECODE_LIMITS,
  type DecodeLimits,
  type LogRecord,
  type Resource,
  type Scope,
  type Span,
} from './span.ts';

type ReadRecord<T> = (reader: ProtobufReader, end: number, resource: Resource, scope: Scope) => T;

/**
 * Spans of an ExportTraceServiceRequest, in the order of the body; none for an empty body.
 * Ids and byte values are views into `body`: it must not be changed while they are in use.
 * Throws MalformedBodyError when the body is not protobuf or holds more objects than the limits allow.
 */
export function decodeTraces(body: Uint8Array, limits: DecodeLimits = DECODE_LIMITS): Span[] {
  return readRequest(new ProtobufReader(body, limits), readSpan);
}

/** Log records of an ExportLogsServiceRequest, under the rules of `decodeTraces`. */
export function decodeLogs(body: Uint8Array, limits: DecodeLimits = DECODE_LIMITS): LogRecord[] {
  return readRequest(new ProtobufReader(body, limits), readLogRecord);
}

function readRequest<T extends { truncated: boolean }>(
  reader: ProtobufReader,
  readRecord: ReadRecord<T>,
): T[] {
  const records: T[] = [];
  while (reader.pos < reader.length) {
    const tag = reader.tag(reader.length);
    if (tag === 10) readResourceGroup(reader, reader.lengthEnd(reader.length), records, readRecord);
    else reader.skip(tag, reader.length);
  }
  return records;
}

/** ResourceSpans or ResourceLogs. Its records point to the resource from the start, so it may come after them. */
function readResourceGroup<T extends { truncated: boolean }>(
  reader: ProtobufReader,
  end: number,
  records: T[],
  readRecord: ReadRecord<T>,
): void {
  reader.countObject();
  const resource = new DecodedResource();
  const first = records.length;
  let cut = false;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === 10) {
      reader.cut = false;
      readResource(reader, reader.lengthEnd(end), resource);
      cut ||= reader.cut;
    } else if (tag === 18) readScopeGroup(reader, reader.lengthEnd(end), resource, records, readRecord);
    else reader.skip(tag, end);
  }
  if (cut) markTruncated(records, first);
}

/** ScopeSpans or ScopeLogs. */
function readScopeGroup<T extends { truncated: boolean }>(
  reader: ProtobufReader,
  end: number,
  resource: Resource,
  records: T[],
  readRecord: ReadRecord<T>,
): void {
  reader.countObject();
  const scope = new DecodedScope();
  const first = records.length;
  let cut = false;
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === 10) {
      reader.cut = false;
      readScope(reader, reader.lengthEnd(end), scope);
      cut ||= reader.cut;
    } else if (tag === 18) records.push(readRecord(reader, reader.lengthEnd(end), resource, scope));
    else reader.skip(tag, end);
  }
  if (cut) markTruncated(records, first);
}

function readResource(reader: ProtobufReader, end: number, resource: Resource): void {
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === 10) readAttribute(reader, end, resource.attributes);
    else reader.skip(tag, end);
  }
}

function readScope(reader: ProtobufReader, end: number, scope: Scope): void {
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === 10) scope.name = readText(reader, end);
    else if (tag === 18) scope.version = readText(reader, end);
    else if (tag === 26) readAttribute(reader, end, scope.attributes);
    else reader.skip(tag, end);
  }
}
