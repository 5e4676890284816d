/**
 * Sets OpenTelemetry up for traces over OTLP/HTTP and patches the client libraries of model providers:
 * `node --import plumbline-tracer/register app.js`, or `import 'plumbline-tracer/register'` before anything else.
 * Everything is set by OTEL_* variables. Where an SDK is registered already it only patches, and where
 * OTEL_SDK_DISABLED is true it does nothing.
 */
import { trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  isDisabled,
  isExporterOurs,
  ownOptions,
  tracesEndpoint,
  withDefaults,
} from './export/environment.ts';
import { flushBeforeLeaving } from './export/leaving.ts';
import { flushScores } from './export/score-exporter.ts';
import { createTraceExporter } from './export/trace-exporter.ts';
import { patchClients } from './load/hook.ts';
import { configure } from './settings.ts';

let sdk: NodeSDK | undefined;

/** Sends what has been recorded so far. Resolves when it is sent or lost; never rejects. */
export async function flush(): Promise<void> {
  await Promise.all([quietly(() => registeredProvider()?.forceFlush?.()), quietly(flushScores)]);
}

/** Sends what has been recorded so far and stops recording. Never rejects. */
export async function shutdown(): Promise<void> {
  await Promise.all([quietly(() => sdk?.shutdown()), quietly(flushScores)]);
}

interface Provider {
  getDelegate?(): Provider;
  getDelegateTracer?(name: string): unknown;
  forceFlush?(): Promise<void>;
}

/** The provider behind the API's global one; undefined as long as nobody has registered any. */
function registeredProvider(): Provider | undefined {
  const provider = trace.getTracerProvider() as Provider;
  if (!provider.getDelegateTracer) return provider;
  return provider.getDelegateTracer('plumbline-tracer') ? provider.getDelegate?.() : undefined;
}

async function quietly(work: () => Promise<void> | undefined): Promise<void> {
  try {
    await work();
  } catch {
    // The exporter has reported its first failure, and a process must be able to leave without its spans.
  }
}

function report(failure: string): void {
  process.stderr.write(
    `plumbline-tracer: spans did not reach ${tracesEndpoint()} (${failure}). ` +
      'The application is not affected; further failures are not reported.\n',
  );
}

const PATCHED = Symbol.for('plumbline-tracer.registered');

if (!isDisabled() && !Reflect.has(globalThis, PATCHED)) {
  Reflect.set(globalThis, PATCHED, true);
  configure(ownOptions());
  patchClients();
}

if (!registeredProvider()) {
  withDefaults(() => {
    const traceExporter = isExporterOurs() ? createTraceExporter(report) : undefined;
    sdk = new NodeSDK(traceExporter ? { traceExporter } : {});
    sdk.start();
    flushBeforeLeaving(() => {
      traceExporter?.hurry();
      return flush();
    });
  });
}
