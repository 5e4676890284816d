/** What a plain description must decode to, worked out with bigint where the decoders use halves. */
import { type Attributes, type AttributeValue, KeyValueList } from '../../../collector/otlp/span.ts';
import type { PlainAttributes, PlainLogs, PlainSpans, PlainValue } from '../../support/otlp-encode.ts';

export function expectedSpans(groups: PlainSpans[]): Record<string, unknown>[] {
  return groups.flatMap((group) =>
    group.spans.map((span) => ({
      resource: { attributes: expectedAttributes(group.resource) },
      scope: expectedScope(group.scope),
      trace_id: bytes(span.trace_id),
      span_id: bytes(span.span_id),
      parent_span_id: bytes(span.parent_span_id || '00'.repeat(8)),
      name: span.name,
      kind: span.kind ?? 0,
      start_us: Number(span.start / 1_000n),
      duration_ms: Number(span.end - span.start) / 1e6,
      attributes: expectedAttributes(span.attributes),
      dropped_attributes: span.dropped_attributes ?? 0,
      events: (span.events ?? []).map((event) => ({
        name: event.name,
        time_us: Number(event.time / 1_000n),
        attributes: expectedAttributes(event.attributes),
      })),
      status_code: span.status_code ?? 0,
      status_message: span.status_message ?? '',
      truncated: false,
      fault: undefined,
    })),
  );
}

export function expectedLogs(groups: PlainLogs[]): Record<string, unknown>[] {
  return groups.flatMap((group) =>
    group.logs.map((log) => ({
      resource: { attributes: expectedAttributes(group.resource) },
      scope: expectedScope(group.scope),
      trace_id: log.trace_id ? bytes(log.trace_id) : undefined,
      span_id: log.span_id ? bytes(log.span_id) : undefined,
      event_name: log.event_name ?? '',
      time_us: Number((log.time || log.observed_time || 0n) / 1_000n),
      body: log.body === undefined ? null : expectedValue(log.body),
      attributes: expectedAttributes(log.attributes),
      truncated: false,
      fault: undefined,
    })),
  );
}

/** Decoded records without their classes, comparable with the above by strict deep equality. */
export function plain(records: object[]): Record<string, unknown>[] {
  return records.map((record) => {
    const copy: Record<string, unknown> = { ...record };
    copy.resource = { ...(copy.resource as object) };
    copy.scope = { ...(copy.scope as object) };
    if (Array.isArray(copy.events)) copy.events = copy.events.map((event) => ({ ...event }));
    return copy;
  });
}

function expectedScope(scope: PlainSpans['scope']): Record<string, unknown> {
  return {
    name: scope?.name ?? '',
    version: scope?.version ?? '',
    attributes: expectedAttributes(scope?.attributes),
  };
}

function expectedAttributes(attributes: PlainAttributes | undefined): Attributes {
  const list = new KeyValueList();
  for (const [key, value] of attributes ?? []) {
    list.keys.push(key);
    list.values.push(expectedValue(value));
  }
  return list;
}

function expectedValue(value: PlainValue): AttributeValue {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(expectedValue);
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  return 'map' in value ? expectedAttributes(value.map) : value.double;
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
