import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';

type SpanExporter = NodeSDKConfiguration['traceExporter'];
type Export = SpanExporter['export'];

/** Retries of the exporter hold the process; against a collector that has never answered, no longer than this. */
const UNPROVEN_TIMEOUT_MS = 1_500;

export interface TraceExporter extends SpanExporter {
  /** From now on every batch gets the short time: the process is about to end. */
  hurry(): void;
}

/**
 * The OTLP/HTTP exporter (JSON), made fit for processes that may end soon and collectors that may be down.
 * As long as the collector answers, a batch is retried for the SDK's usual time (10 s, or
 * OTEL_EXPORTER_OTLP_TIMEOUT), which outlasts a restart. Before its first answer and after a batch was
 * lost, a batch gets 1.5 s. The first loss is told to `report`, the others are silent.
 */
export function createTraceExporter(report: (failure: string) => void): TraceExporter {
  const patient = new OTLPTraceExporter();
  const brief = new OTLPTraceExporter({ timeoutMillis: Math.min(UNPROVEN_TIMEOUT_MS, configuredTimeout()) });
  let proven = false;
  let hurried = false;
  let reported = false;

  const exportSpans: Export = (spans, callback) => {
    (proven && !hurried ? patient : brief).export(spans, (result) => {
      // ExportResultCode.SUCCESS
      proven = result.code === 0;
      if (!proven && !reported) {
        reported = true;
        report(reason(result.error));
      }
      callback(result);
    });
  };
  return {
    hurry() {
      hurried = true;
    },
    export: exportSpans,
    forceFlush: async () => void (await Promise.all([patient.forceFlush(), brief.forceFlush()])),
    shutdown: async () => void (await Promise.all([patient.shutdown(), brief.shutdown()])),
  };
}

function configuredTimeout(): number {
  const { OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT } = process.env;
  const timeout_ms = Number(OTEL_EXPORTER_OTLP_TRACES_TIMEOUT ?? OTEL_EXPORTER_OTLP_TIMEOUT);
  return timeout_ms > 0 ? timeout_ms : UNPROVEN_TIMEOUT_MS;
}

function reason(error: (Error & { code?: unknown }) | undefined): string {
  // Two refused addresses of one name make an AggregateError, which has a code and no message.
  return String(error?.code ?? (error?.message || 'no reason given'));
}
