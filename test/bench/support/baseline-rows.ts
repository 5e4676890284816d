/**
 * The plain way that ours is measured against: protobufjs' decoder (compiled at run time from a fixed definition; the
 * same code that its static generator writes), one object a span, JSON lines. No redaction, prices or keyed hashes,
 * which is in its favour.
 */
import { callFields } from '../../../schemas/record/calls.ts';
import { otlpType } from '../../support/otlp-proto.ts';

interface AnyValue {
  /** Name of the field that is set. */
  value?: string;
  string_value: string;
  bool_value: boolean;
  int_value: { toNumber(): number };
  double_value: number;
  array_value: { values: AnyValue[] };
}
interface KeyValue {
  key: string;
  value: AnyValue;
}
interface Span {
  trace_id: Buffer;
  span_id: Buffer;
  parent_span_id: Buffer;
  start_time_unix_nano: { toString(): string };
  end_time_unix_nano: { toString(): string };
  attributes: KeyValue[];
  status?: { code: number; message: string };
}
interface Request {
  resource_spans: {
    resource: { attributes: KeyValue[] };
    scope_spans: { scope: { name: string }; spans: Span[] }[];
  }[];
}

const request = otlpType('TracesRequest');

/** Columns of a row in JSON, in the types they are sent in; ids travel as hex. */
const SENT = [
  ...['project', 'started_at', 'version', 'stream', 'service', 'service_version', 'environment', 'operation'],
  ...['provider', 'model', 'request_model', 'response_model', 'conversation_id', 'user_id', 'response_id'],
  ...['input_tokens', 'output_tokens', 'cache_read_tokens', 'reasoning_tokens', 'duration_ms', 'ttft_ms'],
  ...['status', 'error_type', 'error_type_raw', 'error_message', 'http_status', 'finish_reason', 'scope'],
  'attributes',
] as const;
const IDS = ['trace_id', 'span_id', 'parent_span_id'] as const;

/** The head of an INSERT of such lines. */
export function baselineInsert(table: string): string {
  const fields = callFields as Record<string, { type: { name: string } }>;
  const structure = [
    ...SENT.map((name) => `${name} ${fields[name]!.type.name}`),
    ...IDS.map((name) => `${name} String`),
  ];
  const values = [...SENT, ...IDS.map((name) => `unhex(${name})`)];
  return `INSERT INTO ${table} (${[...SENT, ...IDS].join(', ')})
SELECT ${values.join(', ')} FROM input('${structure.join(', ').replaceAll("'", "\\'")}') FORMAT JSONEachRow`;
}

function plain(value: AnyValue): string | number | boolean | unknown[] {
  switch (value.value) {
    case 'string_value':
      return value.string_value;
    case 'int_value':
      return value.int_value.toNumber();
    case 'double_value':
      return value.double_value;
    case 'bool_value':
      return value.bool_value;
    default:
      return value.array_value.values.map(plain);
  }
}

function objectOf(attributes: KeyValue[]): Record<string, ReturnType<typeof plain>> {
  const object: Record<string, ReturnType<typeof plain>> = {};
  for (const { key, value } of attributes) object[key] = plain(value);
  return object;
}

/** One JSON line a span. */
export function baselineLines(body: Uint8Array, received_us: number): string[] {
  const decoded = request.decode(body) as unknown as Request;
  const lines: string[] = [];
  for (const { resource, scope_spans } of decoded.resource_spans) {
    const about = objectOf(resource.attributes);
    for (const { scope, spans } of scope_spans) {
      for (const span of spans) lines.push(JSON.stringify(rowOf(span, about, scope.name, received_us)));
    }
  }
  return lines;
}

function rowOf(span: Span, resource: Record<string, unknown>, scope: string, received_us: number) {
  const start_ns = BigInt(span.start_time_unix_nano.toString());
  const duration_ns = Number(BigInt(span.end_time_unix_nano.toString()) - start_ns);
  const {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': request_model,
    'gen_ai.response.model': response_model,
    'gen_ai.response.id': response_id,
    'gen_ai.conversation.id': conversation_id,
    'gen_ai.request.stream': stream,
    'gen_ai.usage.input_tokens': input_tokens,
    'gen_ai.usage.output_tokens': output_tokens,
    'gen_ai.usage.cache_read.input_tokens': cache_read_tokens,
    'gen_ai.usage.reasoning.output_tokens': reasoning_tokens,
    'gen_ai.response.time_to_first_chunk': ttft_s,
    'gen_ai.response.finish_reasons': finish_reasons,
    'http.response.status_code': http_status,
    'error.type': error_type,
    'user.id': user_id,
    ...rest
  } = objectOf(span.attributes);
  const attributes: Record<string, string> = {};
  for (const key in rest) attributes[key] = String(rest[key]);
  return {
    project: 'default',
    trace_id: span.trace_id.toString('hex'),
    span_id: span.span_id.toString('hex'),
    parent_span_id: span.parent_span_id.toString('hex'),
    started_at: (Number(start_ns / 1000n) / 1e6).toFixed(6),
    version: received_us,
    stream,
    service: resource['service.name'],
    service_version: resource['service.version'],
    environment: resource['deployment.environment.name'],
    operation,
    provider,
    model: request_model,
    request_model,
    response_model,
    response_id,
    conversation_id,
    user_id,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    reasoning_tokens,
    duration_ms: duration_ns / 1e6,
    ttft_ms: typeof ttft_s === 'number' ? ttft_s * 1000 : null,
    status: span.status?.code === 2 ? 'error' : 'ok',
    error_type,
    error_type_raw: error_type,
    error_message: span.status?.message,
    http_status,
    finish_reason: Array.isArray(finish_reasons) ? finish_reasons[0] : undefined,
    scope,
    attributes,
  };
}
