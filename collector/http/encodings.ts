/** The two encodings of OTLP/HTTP: how a body is decoded and how the reply to it is written. */
import { decodeLogsJson, decodeTracesJson } from '../otlp/decode-json.ts';
import { decodeLogs, decodeTraces } from '../otlp/decode-protobuf.ts';
import {
  encodeReplyJson,
  encodeReplyProtobuf,
  encodeStatusJson,
  encodeStatusProtobuf,
  type OtlpSignal,
  type PartialSuccess,
} from '../otlp/encode-reply.ts';
import type { LogRecord, Span } from '../otlp/span.ts';

export interface Encoding {
  content_type: string;
  traces(body: Uint8Array): Span[];
  logs(body: Uint8Array): LogRecord[];
  reply(signal: OtlpSignal, partial: PartialSuccess | undefined): Buffer;
  status(code: number, message: string): Buffer;
}

export const protobuf: Encoding = {
  content_type: 'application/x-protobuf',
  traces: decodeTraces,
  logs: decodeLogs,
  reply: (_signal, partial) => Buffer.from(encodeReplyProtobuf(partial)),
  status: (code, message) => Buffer.from(encodeStatusProtobuf(code, message)),
};

export const json: Encoding = {
  content_type: 'application/json',
  traces: decodeTracesJson,
  logs: decodeLogsJson,
  reply: (signal, partial) => Buffer.from(encodeReplyJson(signal, partial)),
  status: (code, message) => Buffer.from(encodeStatusJson(code, message)),
};

/** The encoding that a Content-Type asks for, parameters such as a charset aside; undefined for others. */
export function encodingOf(content_type: string | undefined): Encoding | undefined {
  const type = content_type?.split(';', 1)[0]?.trim().toLowerCase();
  return [protobuf, json].find((encoding) => encoding.content_type === type);
}
