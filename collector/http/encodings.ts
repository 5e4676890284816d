/** The two encodings of OTLP/HTTP: how a body is decoded and how the reply to it is written. */
import { decodeLogsJson, decodeTracesJson } from '../otlp/decode-json.ts';
import { decodeLogs, eachSpan } from '../otlp/decode-protobuf.ts';
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
  /** Hands over the spans one by one; when it throws, those until then are void. */
  eachSpan(body: Uint8Array, take: (span: Span) => void): void;
  logs(body: Uint8Array): LogRecord[];
  reply(signal: OtlpSignal, partial: PartialSuccess | undefined): Buffer;
  status(code: number, message: string): Buffer;
}

export const protobuf: Encoding = {
  content_type: 'application/x-protobuf',
  eachSpan,
  logs: decodeLogs,
  reply: (_signal, partial) => Buffer.from(encodeReplyProtobuf(partial)),
  status: (code, message) => Buffer.from(encodeStatusProtobuf(code, message)),
};

export const json: Encoding = {
  content_type: 'application/json',
  eachSpan: (body, take) => decodeTracesJson(body).forEach(take),
  logs: decodeLogsJson,
  reply: (signal, partial) => Buffer.from(encodeReplyJson(signal, partial)),
  status: (code, message) => Buffer.from(encodeStatusJson(code, message)),
};

/** The encoding that a Content-Type asks for, parameters such as a charset aside; undefined for others. */
export function encodingOf(content_type: string | undefined): Encoding | undefined {
  const type = content_type?.split(';', 1)[0]?.trim().toLowerCase();
  return [protobuf, json].find((encoding) => encoding.content_type === type);
}
