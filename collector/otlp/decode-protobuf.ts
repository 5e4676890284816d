/** OTLP requests in protobuf: the messages around spans and log records, whose shape both signals share. */
import { DecodedResource, DecodedScope } from './decoded.ts';
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
type Take<T> = (record: T) => void;

/** ResourceSpans in the request; then the resource or scope of a group, and what belongs to it. */
const TAG_GROUP = 10;
const TAG_OWNER = 10;
const TAG_MEMBER = 18;

/**
 * Hands over the spans of an ExportTraceServiceRequest one by one, in the order of the body: who keeps none of them
 * keeps the garbage collector from copying a whole request of them. Ids and byte values are views into `body`: it must
 * not be changed while they are in use. Throws MalformedBodyError when the body is not protobuf or holds more objects
 * than the limits allow; what was handed over until then is void.
 */
export function eachSpan(body: Uint8Array, take: Take<Span>, limits: DecodeLimits = DECODE_LIMITS): void {
  readRequest(new ProtobufReader(body, limits), readSpan, take);
}

/** The spans of `eachSpan` in a list; none for an empty body. */
export function decodeTraces(body: Uint8Array, limits: DecodeLimits = DECODE_LIMITS): Span[] {
  const spans: Span[] = [];
  eachSpan(body, (span) => spans.push(span), limits);
  return spans;
}

/** Log records of an ExportLogsServiceRequest, under the rules of `eachSpan`. */
export function decodeLogs(body: Uint8Array, limits: DecodeLimits = DECODE_LIMITS): LogRecord[] {
  const records: LogRecord[] = [];
  readRequest(new ProtobufReader(body, limits), readLogRecord, (record) => records.push(record));
  return records;
}

function readRequest<T extends { truncated: boolean }>(
  reader: ProtobufReader,
  readRecord: ReadRecord<T>,
  take: Take<T>,
): void {
  eachField(reader, reader.length, TAG_GROUP, (end) => readResourceGroup(reader, end, readRecord, take));
}

/** ResourceSpans or ResourceLogs. The resource may come after its records, and may come in parts: it is read first. */
function readResourceGroup<T extends { truncated: boolean }>(
  reader: ProtobufReader,
  end: number,
  readRecord: ReadRecord<T>,
  take: Take<T>,
): void {
  reader.countObject();
  const resource = new DecodedResource();
  const start = reader.pos;
  reader.cut = false;
  eachField(reader, end, TAG_OWNER, (resourceEnd) => readResource(reader, resourceEnd, resource));
  const isCut = reader.cut;
  reader.pos = start;
  eachField(reader, end, TAG_MEMBER, (groupEnd) => {
    readScopeGroup(reader, groupEnd, resource, isCut, readRecord, take);
  });
}

/** ScopeSpans or ScopeLogs; the scope is read first, as the resource is. */
function readScopeGroup<T extends { truncated: boolean }>(
  reader: ProtobufReader,
  end: number,
  resource: Resource,
  isResourceCut: boolean,
  readRecord: ReadRecord<T>,
  take: Take<T>,
): void {
  reader.countObject();
  const scope = new DecodedScope();
  const start = reader.pos;
  reader.cut = false;
  eachField(reader, end, TAG_OWNER, (scopeEnd) => readScope(reader, scopeEnd, scope));
  const isCut = isResourceCut || reader.cut;
  reader.pos = start;
  eachField(reader, end, TAG_MEMBER, (recordEnd) => {
    const record = readRecord(reader, recordEnd, resource, scope);
    record.truncated ||= isCut;
    take(record);
  });
}

/** Reads the fields of one tag up to `end`, each by a call with its end, and passes over the others. */
function eachField(reader: ProtobufReader, end: number, wanted: number, read: (end: number) => void): void {
  while (reader.pos < end) {
    const tag = reader.tag(end);
    if (tag === wanted) read(reader.lengthEnd(end));
    else reader.skip(tag, end);
  }
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
