import { type Attributes, type HrTime, SpanKind, trace } from '@opentelemetry/api';
import { ATTR } from './attributes.ts';
import { labelAttributes, readingAttributes, spanName } from './call-attributes.ts';
import { setFailure } from './call-span.ts';
import { setAnswer, setPrompt } from './content/text-attributes.ts';
import { activeLabels } from './context/call-context.ts';
import { label } from './error-type.ts';
import { guarded } from './guard.ts';
import type { RecordedCall } from './options.ts';
import { amount, string } from './values.ts';
import { SCOPE, VERSION } from './version.ts';

/**
 * Records a call that somebody else has timed, as a span from `ended_at - latency_ms` to `ended_at`, under
 * the span active now. Never throws; a call without a usable `latency_ms` or `ended_at` is not recorded,
 * since a duration made up would spoil the percentiles.
 */
export function recordModelCall(call: RecordedCall): void {
  guarded(() => {
    const latency_ms = amount(call.latency_ms);
    const ended_ms = call.ended_at === undefined ? Date.now() : new Date(call.ended_at).getTime();
    if (latency_ms === undefined || Number.isNaN(ended_ms)) return;
    const span = trace.getTracer(SCOPE, VERSION).startSpan(spanName(call), {
      kind: SpanKind.CLIENT,
      startTime: hrTime(ended_ms - latency_ms),
      attributes: { ...labelAttributes(call, activeLabels()), ...outcome(call) },
    });
    const error = label(call.error_type) ?? (call.error_type ? '_OTHER' : undefined);
    if (error) setFailure(span, error);
    span.end(hrTime(ended_ms));
  });
}

function outcome(call: RecordedCall): Attributes {
  const ttft_ms = amount(call.ttft_ms);
  const attributes = readingAttributes({
    ...call,
    model: call.response_model,
    id: call.response_id,
    input_tokens: call.input_tokens ?? call.tokens_in,
    output_tokens: call.output_tokens ?? call.tokens_out,
  });
  setPrompt(attributes, call.prompt, undefined, call.prompt_hash);
  setAnswer(attributes, string(call.response), call.finish_reason, call.response_hash);
  if (ttft_ms !== undefined) attributes[ATTR.timeToFirstChunk] = ttft_ms / 1000;
  return attributes;
}

// A number would do for the SDK only while it is later than the start of the process: an earlier one is
// taken for a reading of the monotonic clock. And a Date would lose the microseconds.
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
