/**
 * OTLP requests from plain descriptions, in protobuf (by protobufjs, so independent of the collector's own reader)
 * and in JSON. Times are nanoseconds since 1970 as bigint; ids are lower-case hex.
 */
import { otlpType } from './otlp-proto.ts';

export { type GenaiOptions, genaiRequest, genaiSpans } from './genai-spans.ts';

/** A number is an int when it is a whole one; `double` forces the other. Arrays and `map` nest. */
export type PlainValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | { double: number }
  | { map: PlainAttributes }
  | PlainValue[];

export type PlainAttributes = [key: string, value: PlainValue][];

export interface PlainEvent {
  name: string;
  time: bigint;
  attributes?: PlainAttributes;
}

export interface PlainSpan {
  trace_id: string;
  span_id: string;
  /** Empty or missing for a root. */
  parent_span_id?: string;
  name: string;
  /** OTLP SpanKind; 3 is client. */
  kind?: number;
  start: bigint;
  end: bigint;
  attributes?: PlainAttributes;
  dropped_attributes?: number;
  events?: PlainEvent[];
  /** OTLP StatusCode; 2 is error. */
  status_code?: number;
  status_message?: string;
}

export interface PlainLogRecord {
  trace_id?: string;
  span_id?: string;
  event_name?: string;
  time?: bigint;
  observed_time?: bigint;
  body?: PlainValue;
  attributes?: PlainAttributes;
}

export interface PlainScope {
  name?: string;
  version?: string;
  attributes?: PlainAttributes;
}

/** One resource with one scope. */
export interface PlainSpans {
  resource?: PlainAttributes;
  scope?: PlainScope;
  spans: PlainSpan[];
}

export interface PlainLogs {
  resource?: PlainAttributes;
  scope?: PlainScope;
  logs: PlainLogRecord[];
}

/** How the two encodings differ; everything else is the same tree with other names. */
interface Dialect {
  name(field: string): string;
  id(hex: string): unknown;
  int(value: bigint): unknown;
  double(value: number): unknown;
  bytes(value: Uint8Array): unknown;
}

const PROTOBUF: Dialect = {
  name: (field) => field,
  id: (hex) => Buffer.from(hex, 'hex'),
  int: (value) => {
    const bits = BigInt.asUintN(64, value);
    return { low: Number(bits & 0xffff_ffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: false };
  },
  double: (value) => value,
  bytes: (value) => value,
};

const JSON_DIALECT: Dialect = {
  name: (field) => field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  id: (hex) => hex,
  int: (value) => value.toString(),
  double: (value) => (Number.isFinite(value) && !Object.is(value, -0) ? value : jsonDouble(value)),
  bytes: (value) => Buffer.from(value).toString('base64'),
};

/** ExportTraceServiceRequest as protobuf. */
export function encodeTraces(groups: PlainSpans[]): Uint8Array {
  return otlpType('TracesRequest').encode(tracesRequest(groups, PROTOBUF)).finish();
}

/** ExportTraceServiceRequest as OTLP/JSON text. */
export function tracesJson(groups: PlainSpans[]): string {
  return JSON.stringify(tracesRequest(groups, JSON_DIALECT));
}

/** ExportLogsServiceRequest as protobuf. */
export function encodeLogs(groups: PlainLogs[]): Uint8Array {
  return otlpType('LogsRequest').encode(logsRequest(groups, PROTOBUF)).finish();
}

/** ExportLogsServiceRequest as OTLP/JSON text. */
export function logsJson(groups: PlainLogs[]): string {
  return JSON.stringify(logsRequest(groups, JSON_DIALECT));
}

function tracesRequest(groups: PlainSpans[], dialect: Dialect): Record<string, unknown> {
  const resourceSpans = groups.map((group) =>
    message(dialect, {
      resource: { attributes: attributes(group.resource, dialect) },
      scope_spans: [
        message(dialect, {
          scope: scope(group.scope, dialect),
          spans: group.spans.map((one) => span(one, dialect)),
        }),
      ],
    }),
  );
  return message(dialect, { resource_spans: resourceSpans });
}

function logsRequest(groups: PlainLogs[], dialect: Dialect): Record<string, unknown> {
  const resourceLogs = groups.map((group) =>
    message(dialect, {
      resource: { attributes: attributes(group.resource, dialect) },
      scope_logs: [
        message(dialect, {
          scope: scope(group.scope, dialect),
          log_records: group.logs.map((one) => logRecord(one, dialect)),
        }),
      ],
    }),
  );
  return message(dialect, { resource_logs: resourceLogs });
}

function span(plain: PlainSpan, dialect: Dialect): Record<string, unknown> {
  return message(dialect, {
    trace_id: dialect.id(plain.trace_id),
    span_id: dialect.id(plain.span_id),
    parent_span_id: plain.parent_span_id ? dialect.id(plain.parent_span_id) : undefined,
    name: plain.name,
    kind: plain.kind,
    start_time_unix_nano: dialect.int(plain.start),
    end_time_unix_nano: dialect.int(plain.end),
    attributes: attributes(plain.attributes, dialect),
    dropped_attributes_count: plain.dropped_attributes,
    events: plain.events?.map((event) =>
      message(dialect, {
        time_unix_nano: dialect.int(event.time),
        name: event.name,
        attributes: attributes(event.attributes, dialect),
      }),
    ),
    status: message(dialect, { message: plain.status_message, code: plain.status_code }),
  });
}

function logRecord(plain: PlainLogRecord, dialect: Dialect): Record<string, unknown> {
  return message(dialect, {
    time_unix_nano: plain.time === undefined ? undefined : dialect.int(plain.time),
    observed_time_unix_nano: plain.observed_time === undefined ? undefined : dialect.int(plain.observed_time),
    trace_id: plain.trace_id === undefined ? undefined : dialect.id(plain.trace_id),
    span_id: plain.span_id === undefined ? undefined : dialect.id(plain.span_id),
    event_name: plain.event_name,
    body: plain.body === undefined ? undefined : anyValue(plain.body, dialect),
    attributes: attributes(plain.attributes, dialect),
  });
}

function scope(plain: PlainScope | undefined, dialect: Dialect): Record<string, unknown> {
  return message(dialect, {
    name: plain?.name,
    version: plain?.version,
    attributes: attributes(plain?.attributes, dialect),
  });
}

function attributes(plain: PlainAttributes | undefined, dialect: Dialect): Record<string, unknown>[] {
  return (plain ?? []).map(([key, value]) => ({ key, value: anyValue(value, dialect) }));
}

function anyValue(value: PlainValue, dialect: Dialect): Record<string, unknown> {
  if (value === null) return {};
  if (typeof value === 'string') return message(dialect, { string_value: value });
  if (typeof value === 'boolean') return message(dialect, { bool_value: value });
  if (typeof value === 'bigint') return message(dialect, { int_value: dialect.int(value) });
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return message(dialect, { int_value: dialect.int(BigInt(value)) });
    return message(dialect, { double_value: dialect.double(value) });
  }
  if (value instanceof Uint8Array) return message(dialect, { bytes_value: dialect.bytes(value) });
  if (Array.isArray(value)) {
    return message(dialect, { array_value: { values: value.map((item) => anyValue(item, dialect)) } });
  }
  if ('double' in value) return message(dialect, { double_value: dialect.double(value.double) });
  return message(dialect, { kvlist_value: { values: attributes(value.map, dialect) } });
}

/** The fields that are set, under the dialect's names. */
function message(dialect: Dialect, fields: Record<string, unknown>): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined) named[dialect.name(field)] = value;
  }
  return named;
}

/** OTLP/JSON writes what JSON has no number for as text; minus zero too, which JSON.stringify would lose. */
function jsonDouble(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
