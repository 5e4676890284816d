/** What can be wrong with a request, each with the sentence that its sender reads. */

export class UnsupportedEncodingError extends Error {
  override name = 'UnsupportedEncodingError';
  constructor(encoding: string) {
    super(`Content-Encoding '${encoding}' is not supported: use gzip, deflate, zstd or none.`);
  }
}

export class UnsupportedTypeError extends Error {
  override name = 'UnsupportedTypeError';
  constructor(type: string | undefined) {
    super(
      `Content-Type '${type ?? ''}' is not OTLP: use application/x-protobuf or application/json` +
        ' (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf or http/json; gRPC is not served).',
    );
  }
}

export class BodyTooLargeError extends Error {
  override name = 'BodyTooLargeError';
  constructor(max_bytes: number) {
    super(
      `The body is larger than ${max_bytes} bytes (PLUMBLINE_OTLP_MAX_BYTES): send smaller batches,` +
        ' for example with OTEL_BSP_MAX_EXPORT_BATCH_SIZE.',
    );
  }
}

export class KeyError extends Error {
  override name = 'KeyError';
  readonly status: 401 | 403;
  constructor(status: 401 | 403, message: string) {
    super(message);
    this.status = status;
  }
}
