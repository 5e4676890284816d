/** Replies of an OTLP/HTTP receiver, in the encoding of the request. */

export type OtlpSignal = 'traces' | 'logs';

/** What of a request was not taken. `rejected` 0 with a message is a warning. */
export interface PartialSuccess {
  rejected: number;
  error_message: string;
}

/** JSON names of the count. */
const REJECTED_FIELDS = { traces: 'rejectedSpans', logs: 'rejectedLogRecords' } as const;

/** ExportTraceServiceResponse and ExportLogsServiceResponse alike: their fields have the same numbers. */
export function encodeReplyProtobuf(partial?: PartialSuccess): Uint8Array {
  if (!partial) return Buffer.alloc(0);
  const inner = Buffer.concat([varintField(1, partial.rejected), textField(2, partial.error_message)]);
  return lengthField(1, inner);
}

/** The same as OTLP/JSON text, where the count is 64-bit and therefore text too. */
export function encodeReplyJson(signal: OtlpSignal, partial?: PartialSuccess): string {
  if (!partial) return '{}';
  const partialSuccess: Record<string, string> = {};
  if (partial.rejected > 0) partialSuccess[REJECTED_FIELDS[signal]] = String(partial.rejected);
  if (partial.error_message !== '') partialSuccess.errorMessage = partial.error_message;
  return JSON.stringify({ partialSuccess });
}

/** google.rpc.Status, the body of every error reply. `code` is a gRPC code, such as 3 for a bad argument. */
export function encodeStatusProtobuf(code: number, message: string): Uint8Array {
  return Buffer.concat([varintField(1, code), textField(2, message)]);
}

export function encodeStatusJson(code: number, message: string): string {
  return JSON.stringify({ code, message });
}

function varintField(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.from([field << 3, ...varint(value)]);
}

function textField(field: number, text: string): Buffer {
  return text === '' ? Buffer.alloc(0) : lengthField(field, Buffer.from(text));
}

function lengthField(field: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(body.length)]), body]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}
