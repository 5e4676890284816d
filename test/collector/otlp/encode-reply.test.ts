import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeReplyJson,
  encodeReplyProtobuf,
  encodeStatusJson,
  encodeStatusProtobuf,
} from '../../../collector/otlp/encode-reply.ts';
import { otlpType } from '../../support/otlp-proto.ts';

const AS_TEXT = { longs: String };

function decoded(type: string, bytes: Uint8Array): Record<string, unknown> {
  return otlpType(type).toObject(otlpType(type).decode(bytes), AS_TEXT);
}

test('a reply without rejections leaves partial_success unset', () => {
  assert.equal(encodeReplyProtobuf().length, 0);
  assert.equal(encodeReplyJson('traces'), '{}');
});

test('rejections carry their count and message in both encodings', () => {
  const error_message = `span_id is all zeros (${'é'.repeat(100)})`;
  const partial = { rejected: 300, error_message };
  assert.deepEqual(decoded('TracesResponse', encodeReplyProtobuf(partial)), {
    partial_success: { rejected_spans: '300', error_message },
  });
  assert.deepEqual(decoded('LogsResponse', encodeReplyProtobuf(partial)), {
    partial_success: { rejected_log_records: '300', error_message },
  });
  assert.deepEqual(JSON.parse(encodeReplyJson('traces', partial)), {
    partialSuccess: { rejectedSpans: '300', errorMessage: error_message },
  });
  assert.deepEqual(JSON.parse(encodeReplyJson('logs', partial)), {
    partialSuccess: { rejectedLogRecords: '300', errorMessage: error_message },
  });
});

test('a warning has a message and no count', () => {
  const partial = { rejected: 0, error_message: 'gen_ai.system is deprecated' };
  assert.deepEqual(decoded('TracesResponse', encodeReplyProtobuf(partial)), {
    partial_success: { error_message: partial.error_message },
  });
  assert.equal(
    encodeReplyJson('logs', partial),
    '{"partialSuccess":{"errorMessage":"gen_ai.system is deprecated"}}',
  );
});

test('an error is a google.rpc.Status', () => {
  const message = 'protobuf, byte 3 of 9: a length of 200 bytes, but its message has 5 left';
  assert.deepEqual(decoded('RpcStatus', encodeStatusProtobuf(3, message)), { code: 3, message });
  assert.deepEqual(JSON.parse(encodeStatusJson(3, message)), { code: 3, message });
});
