import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeTracesJson } from '../../../collector/otlp/decode-json.ts';
import { decodeTraces } from '../../../collector/otlp/decode-protobuf.ts';
import {
  DECODE_LIMITS,
  type KeyValueList,
  MalformedBodyError,
  type Span,
} from '../../../collector/otlp/span.ts';
import { encodeTraces, type PlainAttributes, type PlainSpan, tracesJson } from '../../support/otlp-encode.ts';

const MIB = 1_048_576;
/** Divisible by 2 and 3, so that the outermost tag of `wrap` is its last. */
const DEEP = 120_000;

function spanWith(attributes: PlainAttributes): PlainSpan {
  const ids = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };
  return {
    ...ids,
    name: 'chat',
    start: 1_788_000_000_000_000_000n,
    end: 1_788_000_000_250_000_000n,
    attributes,
  };
}

/** The one span of a request, which both encodings must agree on. */
function decodeBoth(attributes: PlainAttributes): Span {
  const groups = [{ spans: [spanWith(attributes)] }];
  const [span] = decodeTraces(encodeTraces(groups));
  assert.deepEqual(decodeTracesJson(Buffer.from(tracesJson(groups))), [span]);
  return span!;
}

/** Wraps `count` times in a length-delimited field, in one buffer written from its end. */
function wrap(tags: number[], count: number): Uint8Array {
  const bytes = Buffer.alloc(count * 8);
  let start = bytes.length;
  for (let i = 0; i < count; i++) {
    let length = bytes.length - start;
    const varint: number[] = [];
    do {
      varint.push((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
      length >>>= 7;
    } while (length > 0);
    const head = [tags[i % tags.length]!, ...varint];
    start -= head.length;
    bytes.set(head, start);
  }
  return bytes.subarray(start);
}

test('keys named after what objects inherit are stored as they are and pollute nothing', () => {
  const map: PlainAttributes = [
    ['__proto__', { map: [['x', 1]] }],
    ['constructor', 'c'],
    ['prototype', 'p'],
  ];
  const span = decodeBoth([...map, ['nested', { map }]]);
  assert.deepEqual(span.attributes.keys, ['__proto__', 'constructor', 'prototype', 'nested']);
  assert.deepEqual((span.attributes.values[3] as KeyValueList).keys, [
    '__proto__',
    'constructor',
    'prototype',
  ]);
  const json = `{"__proto__":{"x":1},"resourceSpans":[{"__proto__":{"scopeSpans":[{"spans":[{}]}]}}]}`;
  assert.deepEqual(decodeTracesJson(Buffer.from(json)), []);
  assert.equal(({} as { x?: unknown }).x, undefined);
});

test('a protobuf value nested 120,000 deep is cut, not followed', () => {
  for (const tags of [
    [0x0a, 0x2a],
    [0x12, 0x0a, 0x32],
  ]) {
    const value = wrap(tags, DEEP);
    const attribute = lengthField(0x12, value);
    const span = Buffer.concat([spanFields(), lengthField(0x4a, attribute)]);
    const body = lengthField(0x0a, lengthField(0x12, lengthField(0x12, span)));
    const [decoded] = decodeTraces(body);
    assert.equal(decoded!.truncated, true);
    assert.equal(decoded!.fault, undefined);
  }
});

test('JSON nested 120,000 deep is refused before it is parsed', () => {
  const open = `{"resourceSpans":${'['.repeat(DEEP)}`;
  assert.throws(
    () => decodeTracesJson(Buffer.from(open + ']'.repeat(DEEP))),
    /JSON, byte 528: nested over 512 deep/,
  );
  assert.throws(() => decodeTracesJson(Buffer.from('{"a":'.repeat(DEEP))), MalformedBodyError);
});

test('brackets inside strings do not count as nesting', () => {
  const text = `${'['.repeat(2_000)}\\"${'{'.repeat(2_000)}\\\\`;
  const body = `{"resourceSpans":[{"schemaUrl":"${text}"}],"x":"\\\\"}`;
  assert.deepEqual(decodeTracesJson(Buffer.from(body)), []);
});

test('bodies of many tiny objects are refused before they fill the memory', () => {
  const spans = Buffer.alloc(2 * (DECODE_LIMITS.objects_per_request + 1));
  for (let i = 0; i < spans.length; i += 2) spans[i] = 0x12;
  const body = lengthField(0x0a, lengthField(0x12, spans));
  assert.throws(() => decodeTraces(body), /more than 500000 spans, events, lists and maps/);
  const json = Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${'{},'.repeat(100)}{}]}]}]}`);
  const limits = { ...DECODE_LIMITS, objects_per_request: 100 };
  assert.throws(
    () => decodeTracesJson(json, limits),
    /spans\[100\]: more than 100 spans, events, lists and maps/,
  );
  const items = lengthField(0x32, Buffer.alloc(2 * 401, Uint8Array.of(0x0a, 0)));
  const attribute = lengthField(0x4a, lengthField(0x12, items));
  const nested = lengthField(0x0a, lengthField(0x12, lengthField(0x12, attribute)));
  assert.throws(() => decodeTraces(nested, limits), /more than 100 spans/);
  const objects = Buffer.from(`{"a":[${'{},'.repeat(1_600_000)}{}]}`);
  assert.throws(() => decodeTracesJson(objects), /more than 1500000 lists and objects/);
});

test('a string of 19 MiB comes through whole', () => {
  const text = 'é'.repeat((19 * MIB) / 2);
  const span = decodeBoth([['gen_ai.input.messages', text]]);
  assert.equal(span.attributes.values[0], text);
});

test('NUL and a byte order mark are characters like others', () => {
  const span = decodeBoth([
    ['a\0b', '\0'],
    ['\ufeff', '\ufeffx'],
  ]);
  assert.deepEqual(span.attributes.keys, ['a\0b', '\ufeff']);
  assert.deepEqual(span.attributes.values, ['\0', '\ufeffx']);
});

test('lone surrogates and bytes that are not UTF-8 become U+FFFD', () => {
  const attribute = (stringValue: string) =>
    `{"key":"${stringValue}","value":{"stringValue":"${stringValue}"}}`;
  const json = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[${attribute('\\ud83dx')}]}]}]}]}`;
  const [fromJson] = decodeTracesJson(Buffer.from(json));
  assert.deepEqual([fromJson!.attributes.keys, fromJson!.attributes.values], [['\ufffdx'], ['\ufffdx']]);

  for (const length of [3, 300]) {
    const bytes = Buffer.alloc(length, 0xff);
    const attributes = lengthField(
      0x4a,
      Buffer.concat([lengthField(0x0a, bytes), lengthField(0x12, lengthField(0x0a, bytes))]),
    );
    const body = lengthField(0x0a, lengthField(0x12, lengthField(0x12, attributes)));
    const [span] = decodeTraces(body);
    assert.deepEqual(span!.attributes.keys, ['\ufffd'.repeat(length)]);
    assert.deepEqual(span!.attributes.values, ['\ufffd'.repeat(length)]);
  }
});

function lengthField(tag: number, body: Uint8Array): Buffer {
  const head = [tag];
  let rest = body.length;
  while (rest > 0x7f) {
    head.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.concat([Buffer.from([...head, rest]), body]);
}

function spanFields(): Buffer {
  const start = Uint8Array.of(0x39, 1, 2, 3, 4, 5, 6, 7, 8);
  return Buffer.concat([
    lengthField(0x0a, Buffer.alloc(16, 1)),
    lengthField(0x12, Buffer.alloc(8, 2)),
    start,
  ]);
}
