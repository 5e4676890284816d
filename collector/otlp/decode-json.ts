/** OTLP requests in JSON: the messages around spans and log records, whose shape both signals share. */
import { DecodedResource, DecodedScope } from './decoded.ts';
import { JsonCursor, type JsonObject } from './json-cursor.ts';
import { guardJson } from './json-guard.ts';
import { readLogRecord } from './json-log.ts';
import { readSpan } from './json-span.ts';
import { readAttributes } from './json-value.ts';
import {
  type DecodeLimits,
  type LogRecord,
  MalformedBodyError,
  type Resource,
  type Scope,
  type Span,
} from './span.ts';

interface Signal<T> {
  resources: string;
  scopes: string;
  records: string;
  read(cursor: JsonCursor, json: JsonObject, resource: Resource, scope: Scope): T;
}

const TRACES: Signal<Span> = {
  resources: 'resourceSpans',
  scopes: 'scopeSpans',
  records: 'spans',
  read: readSpan,
};

const LOGS: Signal<LogRecord> = {
  resources: 'resourceLogs',
  scopes: 'scopeLogs',
  records: 'logRecords',
  read: readLogRecord,
};

/**
 * Spans of an OTLP/JSON ExportTraceServiceRequest (UTF-8), in the order of the body; none for `{}`.
 * Numbers past 2^53 that are not written as text have been rounded by JSON already.
 * Throws MalformedBodyError when the body is not JSON, a field has another type than OTLP's, or a limit is passed.
 */
export function decodeTracesJson(body: Uint8Array, limits?: DecodeLimits): Span[] {
  return readRequest(body, new JsonCursor(limits), TRACES);
}

/** Log records of an OTLP/JSON ExportLogsServiceRequest, under the rules of `decodeTracesJson`. */
export function decodeLogsJson(body: Uint8Array, limits?: DecodeLimits): LogRecord[] {
  return readRequest(body, new JsonCursor(limits), LOGS);
}

function readRequest<T extends { truncated: boolean }>(
  body: Uint8Array,
  cursor: JsonCursor,
  signal: Signal<T>,
): T[] {
  const root = parse(body);
  if (root === null) throw new MalformedBodyError('JSON: the body is null, expected an object');
  const records: T[] = [];
  eachObject(cursor, cursor.objectOf(root)[signal.resources], signal.resources, (group) => {
    readResourceGroup(cursor, group, signal, records);
  });
  return records;
}

function readResourceGroup<T extends { truncated: boolean }>(
  cursor: JsonCursor,
  group: JsonObject,
  signal: Signal<T>,
  records: T[],
): void {
  const resource = new DecodedResource();
  const first = records.length;
  cursor.enter('resource');
  cursor.cut = false;
  readAttributes(cursor, cursor.objectOf(group.resource), resource.attributes);
  const cut = cursor.cut;
  cursor.leave();
  eachObject(cursor, group[signal.scopes], signal.scopes, (scopeGroup) => {
    readScopeGroup(cursor, scopeGroup, resource, signal, records);
  });
  if (cut) for (let i = first; i < records.length; i++) records[i]!.truncated = true;
}

function readScopeGroup<T extends { truncated: boolean }>(
  cursor: JsonCursor,
  group: JsonObject,
  resource: Resource,
  signal: Signal<T>,
  records: T[],
): void {
  const scope = new DecodedScope();
  const first = records.length;
  cursor.enter('scope');
  const json = cursor.objectOf(group.scope);
  scope.name = cursor.text(json.name, 'name');
  scope.version = cursor.text(json.version, 'version');
  cursor.cut = false;
  readAttributes(cursor, json, scope.attributes);
  const cut = cursor.cut;
  cursor.leave();
  eachObject(cursor, group[signal.records], signal.records, (record) => {
    records.push(signal.read(cursor, record, resource, scope));
  });
  if (cut) for (let i = first; i < records.length; i++) records[i]!.truncated = true;
}

/** Calls back with each object of a list field, with the path set to it. */
function eachObject(
  cursor: JsonCursor,
  field: unknown,
  name: string,
  read: (json: JsonObject) => void,
): void {
  const list = cursor.list(field, name);
  cursor.enter(name);
  for (let i = 0; i < list.length; i++) {
    cursor.enter(i);
    read(cursor.objectOf(list[i]));
    cursor.leave();
  }
  cursor.leave();
}

function parse(body: Uint8Array): unknown {
  guardJson(body);
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's message quotes the body, which may be a prompt: only the position is taken from it.
    const at = /at position (\d+)/.exec(String(error))?.[1];
    throw new MalformedBodyError(
      at === undefined ? 'the body is not JSON' : `the body is not JSON at character ${at}`,
    );
  }
}
