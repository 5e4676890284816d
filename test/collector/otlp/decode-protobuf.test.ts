import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Writer } from 'protobufjs';
import { decodeLogs, decodeTraces } from '../../../collector/otlp/decode-protobuf.ts';
import { DECODE_LIMITS, KeyValueList, type Span } from '../../../collector/otlp/span.ts';
import {
  encodeLogs,
  encodeTraces,
  genaiRequest,
  type PlainSpan,
  type PlainValue,
} from '../../support/otlp-encode.ts';

const GOOD: PlainSpan = {
  trace_id: '0af7651916cd43dd8448eb211c80319c',
  span_id: 'b7ad6b7169203331',
  name: 'chat gpt-4.1',
  start: 1_788_000_000_000_000_000n,
  end: 1_788_000_000_250_000_001n,
};

/** A message of length-delimited fields, in the order given. */
function message(...fields: [number, Uint8Array | string][]): Uint8Array {
  const writer = Writer.create();
  for (const [field, body] of fields) {
    writer.uint32((field << 3) | 2);
    if (typeof body === 'string') writer.string(body);
    else writer.bytes(body);
  }
  return writer.finish();
}

function spansOf(...spans: PlainSpan[]): Span[] {
  return decodeTraces(encodeTraces([{ spans }]));
}

/** The bytes of one span as the other encoder writes it. */
function spanBytes(span: PlainSpan): Uint8Array {
  const whole = encodeTraces([{ spans: [span] }]);
  const [group] = fieldsOf(whole);
  const scopeSpans = fieldsOf(group!.body).find((field) => field.number === 2);
  return fieldsOf(scopeSpans!.body).find((field) => field.number === 2)!.body;
}

function fieldsOf(bytes: Uint8Array): { number: number; body: Uint8Array }[] {
  const fields = [];
  let at = 0;
  while (at < bytes.length) {
    const number = bytes[at]! >>> 3;
    let length = 0;
    let shift = 0;
    do {
      at += 1;
      length |= (bytes[at]! & 0x7f) << shift;
      shift += 7;
    } while (bytes[at]! & 0x80);
    fields.push({ number, body: bytes.subarray(at + 1, at + 1 + length) });
    at += 1 + length;
  }
  return fields;
}

test('a resource and a scope may come after their spans, in pieces', () => {
  const attribute = (key: string, value: string) => message([2, message([1, value])], [1, key]);
  const span = message([2, spanBytes(GOOD)]);
  const scopeSpans = Buffer.concat([
    span,
    message([1, message([2, '1.0'])]),
    span,
    message([1, message([1, 'instrumentation'], [3, attribute('c', '3')])]),
  ]);
  const body = message([
    1,
    Buffer.concat([
      message([2, scopeSpans]),
      message([1, message([1, attribute('a', '1')])]),
      message([1, message([1, attribute('b', '2')])]),
    ]),
  ]);
  const spans = decodeTraces(body);
  assert.equal(spans.length, 2);
  for (const { resource, scope } of spans) {
    assert.deepEqual(
      [resource.attributes.keys, resource.attributes.values],
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    );
    assert.deepEqual([scope.name, scope.version, scope.attributes.values], ['instrumentation', '1.0', ['3']]);
  }
  assert.equal(spans[0]!.resource, spans[1]!.resource);
});

test('the last of a repeated field wins, and a repeated status is merged', () => {
  const span = Buffer.concat([
    spanBytes({ ...GOOD, status_message: 'first' }),
    message([5, 'renamed'], [15, Uint8Array.of(0x18, 0x02)]),
  ]);
  const [decoded] = decodeTraces(message([1, message([2, message([2, span])])]));
  assert.deepEqual([decoded!.name, decoded!.status_message, decoded!.status_code], ['renamed', 'first', 2]);
});

test('unknown fields of every wire type and known fields of another type are passed over everywhere', () => {
  const noise = Buffer.concat([
    Uint8Array.of(0xf8, 0x3f, 0x01),
    Uint8Array.of(0xf9, 0x3f, 1, 2, 3, 4, 5, 6, 7, 8),
    Uint8Array.of(0xfa, 0x3f, 2, 0xff, 0xff),
    Uint8Array.of(0xfb, 0x3f, 0x08, 0x01, 0xfc, 0x3f),
    Uint8Array.of(0xfd, 0x3f, 1, 2, 3, 4),
    Uint8Array.of(0x0d, 1, 2, 3, 4),
  ]);
  const noisy = (...parts: Uint8Array[]) => Buffer.concat([noise, ...parts, noise]);
  const any = noisy(message([1, 'value']));
  const attribute = noisy(message([1, 'key'], [2, any]));
  const event = noisy(message([2, 'event'], [3, attribute]));
  const span = noisy(spanBytes(GOOD), message([9, attribute], [11, event], [15, noisy(message([2, 'why']))]));
  const group = noisy(message([1, noisy(message([1, attribute]))], [2, noisy(message([2, span]))]));
  const [decoded, ...others] = decodeTraces(noisy(message([1, group])));
  assert.equal(others.length, 0);
  assert.equal(decoded!.name, GOOD.name);
  assert.deepEqual(decoded!.attributes.keys, ['key']);
  assert.deepEqual(decoded!.resource.attributes.values, ['value']);
  assert.deepEqual([decoded!.events[0]!.name, decoded!.events[0]!.attributes.values], ['event', ['value']]);
  assert.deepEqual([decoded!.status_message, decoded!.fault], ['why', undefined]);
});

test('a span that cannot be stored says why and leaves the others alone', () => {
  const spans = spansOf(
    GOOD,
    { ...GOOD, trace_id: '0af7' },
    { ...GOOD, trace_id: '' },
    { ...GOOD, trace_id: '00'.repeat(16) },
    { ...GOOD, span_id: 'b7ad6b716920333100' },
    { ...GOOD, span_id: '00'.repeat(8) },
    { ...GOOD, start: 0n },
    { ...GOOD, parent_span_id: 'b7ad' },
  );
  assert.deepEqual(
    spans.map((span) => span.fault),
    [
      undefined,
      'trace_id has 2 bytes, expected 16',
      'trace_id is missing',
      'trace_id is all zeros',
      'span_id has 9 bytes, expected 8',
      'span_id is all zeros',
      'start_time_unix_nano is 0 or missing',
      undefined,
    ],
  );
  assert.deepEqual(spans[7]!.parent_span_id, new Uint8Array(8));
  assert.equal(spans[0]!.duration_ms, 250.000001);
});

test('numbers OTLP does not name read as unspecified', () => {
  const [span] = spansOf({ ...GOOD, kind: 17, status_code: -1 });
  assert.deepEqual([span!.kind, span!.status_code], [0, 0]);
});

test('attributes and events over the limit are dropped, counted and flagged', () => {
  const attributes = Array.from({ length: 7 }, (_, i): [string, PlainValue] => [`key-${i}`, i]);
  const event = { name: 'event', time: GOOD.start };
  const limits = { ...DECODE_LIMITS, attributes_per_span: 5, events_per_span: 2 };
  const decode = (span: PlainSpan, resource: typeof attributes = []) =>
    decodeTraces(encodeTraces([{ resource, spans: [span, GOOD] }]), limits);

  const [cut, whole] = decode({ ...GOOD, attributes, dropped_attributes: 3 });
  assert.deepEqual(cut!.attributes.keys, ['key-0', 'key-1', 'key-2', 'key-3', 'key-4']);
  assert.deepEqual([cut!.dropped_attributes, cut!.truncated, whole!.truncated], [5, true, false]);

  const [events] = decode({ ...GOOD, events: [event, event, event] });
  assert.deepEqual([events!.events.length, events!.truncated, events!.dropped_attributes], [2, true, 0]);

  assert.deepEqual(
    decode(GOOD, attributes).map((span) => span.truncated),
    [true, true],
  );
});

test('what nests over the limit is cut to null and flagged', () => {
  const nested: PlainValue = [[['too deep'], 'kept'], { map: [['list', ['too deep']]] }];
  const limits = { ...DECODE_LIMITS, nesting: 2 };
  const map = new KeyValueList();
  map.keys.push('list');
  map.values.push(null);
  const [span] = decodeTraces(encodeTraces([{ spans: [{ ...GOOD, attributes: [['a', nested]] }] }]), limits);
  assert.deepEqual(span!.attributes.values, [[[null, 'kept'], map]]);
  assert.equal(span!.truncated, true);
});

test('a log record takes its time and name from where older emitters put them, and ids are optional', () => {
  const [older, newer] = decodeLogs(
    encodeLogs([
      {
        logs: [
          { observed_time: 5_000n, attributes: [['event.name', 'gen_ai.choice']] },
          { time: 7_000n, observed_time: 9_000n, event_name: 'a', attributes: [['event.name', 'b']] },
        ],
      },
    ]),
  );
  assert.deepEqual(
    [older!.time_us, older!.event_name, older!.trace_id, older!.fault],
    [5, 'gen_ai.choice', undefined, undefined],
  );
  assert.deepEqual([newer!.time_us, newer!.event_name], [7, 'a']);
});

test('a log record with a bad id or no time says why', () => {
  const logs = decodeLogs(
    encodeLogs([
      {
        logs: [
          { time: 7_000n, trace_id: '0af7' },
          { time: 7_000n, span_id: 'b7ad' },
          { time: 7_000n, trace_id: '00'.repeat(16) },
          {},
        ],
      },
    ]),
  );
  assert.deepEqual(
    logs.map((log) => log.fault),
    [
      'trace_id has 2 bytes, expected 16',
      'span_id has 2 bytes, expected 8',
      undefined,
      'time_unix_nano and observed_time_unix_nano are 0 or missing',
    ],
  );
});

test('an error says at which byte the body stops making sense', () => {
  const body = encodeTraces(genaiRequest(1));
  assert.throws(() => decodeTraces(body.subarray(0, 500)), {
    name: 'MalformedBodyError',
    message: /^protobuf, byte 1 of 500: a length of \d+ bytes, but its message has 497 left$/,
  });
});

test('a field that runs past its message is malformed even where the body goes on', () => {
  const span = message([5, 'chat']);
  const tooLong = Buffer.from(span);
  tooLong[1] = 100;
  const group = (inner: Uint8Array) =>
    message([1, message([2, message([2, inner], [2, Buffer.alloc(300)])])]);
  assert.throws(() => decodeTraces(group(tooLong)), /a length of 100 bytes, but its message has 4 left/);
  const fixed = Uint8Array.of(0x39, 1, 2, 3);
  assert.throws(() => decodeTraces(group(fixed)), /expected 8 bytes, 3 are left/);
});
