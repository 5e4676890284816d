import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeLogsJson, decodeTracesJson } from '../../../collector/otlp/decode-json.ts';
import { decodeLogs, decodeTraces } from '../../../collector/otlp/decode-protobuf.ts';
import { MalformedBodyError } from '../../../collector/otlp/span.ts';
import { encodeLogs, encodeTraces, genaiRequest, logsJson, tracesJson } from '../../support/otlp-encode.ts';
import { logs, traces } from './arbitraries.ts';

type Decode = (body: Uint8Array) => unknown[];

const DECODERS: Decode[] = [decodeTraces, decodeLogs, decodeTracesJson, decodeLogsJson];

/** Only a result or MalformedBodyError may come of a body. */
function decodesOrRefuses(decode: Decode, body: Uint8Array): void {
  try {
    assert.ok(Array.isArray(decode(body)));
  } catch (error) {
    if (!(error instanceof MalformedBodyError)) throw error;
  }
}

/** A few bytes overwritten, cut out or put in, at places given as shares of the length. */
const mutations = fc.array(
  fc.tuple(
    fc.constantFrom('set', 'remove', 'insert'),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
      fc.constant(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f)),
    ),
  ),
  { minLength: 1, maxLength: 4 },
);

function mutate(body: Uint8Array, changes: [string, number, Uint8Array][]): Uint8Array {
  let bytes = Buffer.from(body);
  for (const [kind, share, with_] of changes) {
    const at = Math.floor(share * bytes.length);
    const rest = kind === 'insert' ? at : at + with_.length;
    bytes = Buffer.concat([
      bytes.subarray(0, at),
      kind === 'remove' ? Buffer.alloc(0) : with_,
      bytes.subarray(rest),
    ]);
  }
  return bytes;
}

test('arbitrary bytes are decoded or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
      for (const decode of DECODERS) decodesOrRefuses(decode, body);
    }),
    { numRuns: 3_000, seed: 11 },
  );
});

test('arbitrary bytes inside well-formed messages are decoded or refused', () => {
  const frame = (tag: number, body: Uint8Array) => Buffer.concat([Uint8Array.of(tag, body.length), body]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (body) => {
      for (const decode of [decodeTraces, decodeLogs]) {
        decodesOrRefuses(decode, frame(0x0a, frame(0x12, frame(0x12, body))));
        decodesOrRefuses(decode, frame(0x0a, frame(0x12, frame(0x12, frame(0x4a, frame(0x12, body))))));
      }
    }),
    { numRuns: 3_000, seed: 12 },
  );
});

test('mutated requests are decoded or refused', () => {
  fc.assert(
    fc.property(traces, logs, mutations, (spanGroups, logGroups, changes) => {
      decodesOrRefuses(decodeTraces, mutate(encodeTraces(spanGroups), changes));
      decodesOrRefuses(decodeLogs, mutate(encodeLogs(logGroups), changes));
      decodesOrRefuses(decodeTracesJson, mutate(Buffer.from(tracesJson(spanGroups)), changes));
      decodesOrRefuses(decodeLogsJson, mutate(Buffer.from(logsJson(logGroups)), changes));
    }),
    { numRuns: 1_000, seed: 13 },
  );
});

test('a request cut off at any byte is refused, in both encodings', () => {
  const groups = genaiRequest(2, { seed: 5 });
  for (const [decode, body] of [
    [decodeTraces, encodeTraces(groups)],
    [decodeTracesJson, Buffer.from(tracesJson(groups))],
  ] as const) {
    for (let length = 1; length < body.length; length++) {
      assert.throws(() => decode(body.subarray(0, length)), MalformedBodyError, `at ${length}`);
    }
  }
});

test('any JSON value in place of any field is decoded or refused', () => {
  const names = [
    'resourceSpans',
    'resource',
    'scopeSpans',
    'scope',
    'spans',
    'attributes',
    'value',
    'status',
    'events',
  ];
  const kinds = [
    'key',
    'traceId',
    'kind',
    'intValue',
    'doubleValue',
    'bytesValue',
    'arrayValue',
    'kvlistValue',
    'values',
  ];
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'medium' },
      fc.constantFrom<unknown>(null, true, 1, -1.5, 1e300, '', 'x', '123', 'NaN'),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names, ...kinds), tie('json'), { maxKeys: 6 }),
    ),
  }));
  fc.assert(
    fc.property(json, (value) => {
      const body = {
        resourceSpans: [
          { resource: value, scopeSpans: [{ spans: [value, { attributes: [value, { value }] }] }] },
        ],
      };
      decodesOrRefuses(decodeTracesJson, Buffer.from(JSON.stringify(value)));
      decodesOrRefuses(decodeTracesJson, Buffer.from(JSON.stringify(body)));
    }),
    { numRuns: 2_000, seed: 14 },
  );
});
