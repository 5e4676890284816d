import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node';

type SpanProcessor = NonNullable<NodeSDKConfiguration['spanProcessors']>[number];
export type EndedSpan = Parameters<SpanProcessor['onEnd']>[0];

const ended: EndedSpan[] = [];

/** Registers a real SDK for the test file's process, which keeps ended spans instead of sending them. */
export function recordSpans(): void {
  const keep: SpanProcessor = {
    onStart() {},
    onEnd: (span) => void ended.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const spanProcessors = [keep];
  new NodeSDK({
    spanProcessors,
    metricReaders: [],
    logRecordProcessors: [],
    autoDetectResources: false,
  }).start();
}

/** The spans ended since the last time, in the order they ended. */
export function takeSpans(): EndedSpan[] {
  return ended.splice(0);
}

/** The one span ended since the last time. */
export function takeSpan(): EndedSpan {
  const [span, ...more] = takeSpans();
  if (!span || more.length > 0) throw new Error(`Expected one span, got ${more.length + (span ? 1 : 0)}`);
  return span;
}

/** Waits until a span has ended, for ends that come with an event. */
export async function nextSpan(timeout_ms = 2_000): Promise<EndedSpan> {
  const deadline = Date.now() + timeout_ms;
  while (ended.length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  return takeSpan();
}

export function durationMs(span: EndedSpan): number {
  return span.duration[0] * 1000 + span.duration[1] / 1e6;
}
