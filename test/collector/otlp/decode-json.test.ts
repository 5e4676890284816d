import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeLogsJson, decodeTracesJson } from '../../../collector/otlp/decode-json.ts';
import { DECODE_LIMITS, type DecodeLimits, KeyValueList, type Span } from '../../../collector/otlp/span.ts';

const GOOD = {
  traceId: '0AF7651916cd43dd8448eb211c80319C',
  spanId: 'b7ad6b7169203331',
  name: 'chat',
  startTimeUnixNano: '1788000000000000000',
  endTimeUnixNano: '1788000000250000001',
};

function decode(spans: unknown, limits?: DecodeLimits): Span[] {
  const request = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
  return decodeTracesJson(Buffer.from(JSON.stringify(request)), limits);
}

function decodedValue(value: unknown): unknown {
  return decode([{ ...GOOD, attributes: [{ key: 'k', value }] }])[0]!.attributes.values[0];
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.equal((error as Error).name, 'MalformedBodyError');
    return (error as Error).message;
  }
  return assert.fail('nothing was thrown');
}

test('ids are hex in either case', () => {
  const [span] = decode([{ ...GOOD, parentSpanId: 'B7AD6B7169203332' }]);
  assert.equal(Buffer.from(span!.trace_id).toString('hex'), GOOD.traceId.toLowerCase());
  assert.equal(Buffer.from(span!.parent_span_id).toString('hex'), 'b7ad6b7169203332');
  assert.equal(span!.fault, undefined);
});

test('64-bit integers come as text or number, and beyond 2^53 as bigint', () => {
  assert.equal(decodedValue({ intValue: '42' }), 42);
  assert.equal(decodedValue({ intValue: 42 }), 42);
  assert.equal(decodedValue({ intValue: '-9007199254740993' }), -9_007_199_254_740_993n);
  assert.equal(decodedValue({ intValue: 2 ** 60 }), 2n ** 60n);
  assert.equal(decodedValue({ intValue: 2 ** 63 }), 2n ** 63n - 1n);
  assert.equal(decode([{ ...GOOD, startTimeUnixNano: 1.788e18 }])[0]!.start_us, 1_788_000_000_000_000);
});

test('enums are numbers or names, and numbers OTLP does not name read as unspecified', () => {
  const spans = decode([
    { ...GOOD, kind: 3, status: { code: 2 } },
    { ...GOOD, kind: 'SPAN_KIND_CLIENT', status: { code: 'STATUS_CODE_ERROR', message: 'why' } },
    { ...GOOD, kind: 99, status: { code: -5 } },
  ]);
  assert.deepEqual(
    spans.map((span) => [span.kind, span.status_code]),
    [
      [3, 2],
      [3, 2],
      [0, 0],
    ],
  );
  assert.equal(spans[1]!.status_message, 'why');
});

test('doubles have text for what JSON has no number for', () => {
  assert.equal(decodedValue({ doubleValue: 'NaN' }), Number.NaN);
  assert.equal(decodedValue({ doubleValue: '-Infinity' }), Number.NEGATIVE_INFINITY);
  assert.equal(decodedValue({ doubleValue: 'Infinity' }), Number.POSITIVE_INFINITY);
  assert.equal(decodedValue({ doubleValue: '1.5e3' }), 1_500);
});

test('bytes are base64 of either alphabet', () => {
  assert.deepEqual(decodedValue({ bytesValue: '-_8=' }), Uint8Array.of(0xfb, 0xff));
  assert.deepEqual(decodedValue({ bytesValue: '+/8=' }), Uint8Array.of(0xfb, 0xff));
});

test('unknown fields, snake_case names and null are no fields', () => {
  const [span] = decode([
    {
      ...GOOD,
      name: null,
      parent_span_id: 'b7ad6b7169203332',
      links: 'anything',
      status: null,
      attributes: [null],
    },
  ]);
  assert.deepEqual([span!.name, span!.status_code, span!.fault], ['', 0, undefined]);
  assert.deepEqual(span!.parent_span_id, new Uint8Array(8));
  assert.deepEqual([span!.attributes.keys, span!.attributes.values], [[''], [null]]);
});

test('a field of the wrong type is named by its path, never quoted', () => {
  const group = { scopeSpans: [{}, {}, { spans: 'secret prompt' }] };
  assert.equal(
    messageOf(() => decodeTracesJson(Buffer.from(JSON.stringify({ resourceSpans: [group] })))),
    'JSON: resourceSpans[0].scopeSpans[2].spans is a string, expected a list',
  );
  const prefix = 'JSON: resourceSpans[0].scopeSpans[0].spans[0]';
  const cases: [unknown, string][] = [
    ['text', ' is a string, expected an object'],
    [{ ...GOOD, name: 5 }, '.name is a number, expected a string'],
    [{ ...GOOD, traceId: [] }, '.traceId is a list, expected a string'],
    [
      { ...GOOD, kind: 'CLIENT' },
      '.kind is a string, expected a number or a name such as SPAN_KIND_INTERNAL',
    ],
    [{ ...GOOD, startTimeUnixNano: '-1' }, '.startTimeUnixNano is a string, expected nanoseconds since 1970'],
    [{ ...GOOD, startTimeUnixNano: 1.5 }, '.startTimeUnixNano is a number, expected nanoseconds since 1970'],
    [{ ...GOOD, events: [{}, { attributes: {} }] }, '.events[1].attributes is an object, expected a list'],
    [{ ...GOOD, status: [] }, '.status is a list, expected an object'],
    [
      { ...GOOD, droppedAttributesCount: 2 ** 32 },
      '.droppedAttributesCount is a number, expected an unsigned 32-bit integer',
    ],
  ];
  for (const [span, message] of cases)
    assert.equal(
      messageOf(() => decode([span])),
      prefix + message,
    );
});

test('a value of the wrong type is named by its path', () => {
  const path = 'JSON: resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value';
  const cases: [unknown, string][] = [
    ['text', ' is a string, expected an object'],
    [{ stringValue: 1 }, '.stringValue is a number, expected a string'],
    [{ boolValue: 'true' }, '.boolValue is a string, expected true or false'],
    [{ intValue: '9223372036854775808' }, '.intValue is a string, expected a 64-bit integer'],
    [{ intValue: 1e300 }, '.intValue is a number, expected a 64-bit integer'],
    [{ doubleValue: '0x10' }, '.doubleValue is a string, expected a number'],
    [{ bytesValue: 'ä' }, '.bytesValue is a string, expected base64'],
    [{ arrayValue: [] }, '.arrayValue is a list, expected an object'],
    [
      { arrayValue: { values: [{}, { intValue: true }] } },
      '.arrayValue.values[1].intValue is a boolean, expected a 64-bit integer',
    ],
    [{ kvlistValue: { values: [{ key: 1 }] } }, '.kvlistValue.values[0].key is a number, expected a string'],
  ];
  for (const [value, message] of cases)
    assert.equal(
      messageOf(() => decodedValue(value)),
      path + message,
    );
});

test('what is not a JSON object is malformed, and the message does not quote it', () => {
  const message = (text: string) => messageOf(() => decodeTracesJson(Buffer.from(text)));
  assert.match(message('{"resourceSpans": [{"secret prompt'), /^the body is not JSON( at character \d+)?$/);
  assert.equal(message('{"a": 1,}'), 'the body is not JSON at character 8');
  assert.match(message(''), /^the body is not JSON/);
  assert.equal(message('[]'), 'JSON: the body is a list, expected an object');
  assert.equal(message('null'), 'JSON: the body is null, expected an object');
});

test('a span that cannot be stored says why and leaves the others alone', () => {
  const spans = decode([
    GOOD,
    { ...GOOD, traceId: 'W45iZ7cKQ92ESOshHIAxnA==' },
    { ...GOOD, traceId: '0af7' },
    { ...GOOD, spanId: '0'.repeat(16) },
    { ...GOOD, spanId: undefined },
    { ...GOOD, startTimeUnixNano: undefined },
    { ...GOOD, parentSpanId: 'no hex' },
  ]);
  assert.deepEqual(
    spans.map((span) => span.fault),
    [
      undefined,
      'trace_id is not hex digits, two a byte',
      'trace_id has 2 bytes, expected 16',
      'span_id is all zeros',
      'span_id is missing',
      'start_time_unix_nano is 0 or missing',
      undefined,
    ],
  );
});

test('the limits cut as they do in protobuf', () => {
  const text = { stringValue: 'too deep' };
  const list = (...values: unknown[]) => ({ arrayValue: { values } });
  const map = (value: unknown) => ({ kvlistValue: { values: [{ key: 'list', value }] } });
  const attributes = [{ key: 'a', value: list(list(list(text)), map(list(text))) }, { key: 'b' }];
  const limits = { ...DECODE_LIMITS, nesting: 2, attributes_per_span: 1, events_per_span: 1 };
  const [span, other] = decode(
    [{ ...GOOD, attributes, droppedAttributesCount: 2, events: [{}, {}] }, GOOD],
    limits,
  );
  const expected = new KeyValueList();
  expected.keys.push('list');
  expected.values.push(null);
  assert.deepEqual(span!.attributes.values, [[[null], expected]]);
  assert.deepEqual([span!.dropped_attributes, span!.events.length, span!.truncated], [3, 1, true]);
  assert.equal(other!.truncated, false);
});

test('a log record may leave out everything but a time', () => {
  const logs = decodeLogsJson(
    Buffer.from(
      JSON.stringify({
        resourceLogs: [
          {
            scopeLogs: [
              {
                logRecords: [
                  {
                    observedTimeUnixNano: '5000',
                    attributes: [{ key: 'event.name', value: { stringValue: 'gen_ai.choice' } }],
                  },
                  { timeUnixNano: '5000', traceId: 'xyz' },
                  { timeUnixNano: '5000', spanId: 'xyz' },
                  {},
                ],
              },
            ],
          },
        ],
      }),
    ),
  );
  assert.deepEqual(
    [logs[0]!.time_us, logs[0]!.event_name, logs[0]!.body, logs[0]!.span_id],
    [5, 'gen_ai.choice', null, undefined],
  );
  assert.deepEqual(
    logs.map((log) => log.fault),
    [
      undefined,
      'trace_id is not hex digits, two a byte',
      'span_id is not hex digits, two a byte',
      'time_unix_nano and observed_time_unix_nano are 0 or missing',
    ],
  );
});
