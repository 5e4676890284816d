import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeLogsJson, decodeTracesJson } from '../../../collector/otlp/decode-json.ts';
import { decodeLogs, decodeTraces } from '../../../collector/otlp/decode-protobuf.ts';
import { encodeLogs, encodeTraces, genaiRequest, logsJson, tracesJson } from '../../support/otlp-encode.ts';
import { logs, traces } from './arbitraries.ts';
import { expectedLogs, expectedSpans, plain } from './expected.ts';

const RUNS = { numRuns: 400, seed: 20_260_901 };

test('any spans come out of protobuf and of JSON as they were described', () => {
  fc.assert(
    fc.property(traces, (groups) => {
      const expected = expectedSpans(groups);
      assert.deepEqual(plain(decodeTraces(encodeTraces(groups))), expected);
      assert.deepEqual(plain(decodeTracesJson(Buffer.from(tracesJson(groups)))), expected);
    }),
    RUNS,
  );
});

test('any log records come out of protobuf and of JSON as they were described', () => {
  fc.assert(
    fc.property(logs, (groups) => {
      const expected = expectedLogs(groups);
      assert.deepEqual(plain(decodeLogs(encodeLogs(groups))), expected);
      assert.deepEqual(plain(decodeLogsJson(Buffer.from(logsJson(groups)))), expected);
    }),
    RUNS,
  );
});

test('many requests of model calls decode the same in both encodings while the intern table turns over', () => {
  for (let seed = 0; seed < 10; seed++) {
    const groups = genaiRequest(200, { seed });
    const spans = decodeTraces(encodeTraces(groups));
    assert.deepEqual(plain(spans), expectedSpans(groups));
    assert.deepEqual(decodeTracesJson(Buffer.from(tracesJson(groups))), spans);
  }
});

test('the body may be a part of a larger buffer', () => {
  const groups = genaiRequest(3);
  const body = encodeTraces(groups);
  const surrounded = Buffer.concat([Buffer.alloc(7, 0xff), body, Buffer.alloc(7, 0xff)]);
  assert.deepEqual(plain(decodeTraces(surrounded.subarray(7, 7 + body.length))), expectedSpans(groups));
});

test('an empty body is an empty request', () => {
  assert.deepEqual(decodeTraces(new Uint8Array(0)), []);
  assert.deepEqual(decodeLogs(new Uint8Array(0)), []);
  assert.deepEqual(decodeTracesJson(Buffer.from('{}')), []);
  assert.deepEqual(decodeLogsJson(Buffer.from(' {"resourceLogs": [null, {}]} ')), []);
});
