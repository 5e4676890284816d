import type { Context, Span, SpanContext } from '@opentelemetry/api';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { postScore } from '../export/score-exporter.ts';
import { guarded } from '../guard.ts';
import type { ModelCall } from '../options.ts';
import { fields, string } from '../values.ts';
import { spanOfAnswer } from './answers.ts';

/**
 * What is scored: a span, its context, an OpenTelemetry context in which it is active, the call that
 * `traceModelCall` hands out, the answer object (or stream) that a traced call gave, or `{ response_id }`.
 */
export type Scored = Span | SpanContext | Context | ModelCall | { response_id: string } | object;

export interface ScoreDetails {
  /** The score in a word: `pass`, `thumbs_up`, ... */
  label?: string | undefined;
  /** Why. Redacted by the collector. */
  explanation?: string | undefined;
}

/**
 * Records an evaluation or a user's feedback: `score(answer, 'helpful', 1)`. It is sent as OpenTelemetry's
 * `gen_ai.evaluation.result` event, by OTLP/HTTP, in the background; the first one sets that up. Never throws; false
 * when it is not recorded, since `value` is no finite number, `name` is empty, or `scored` names no call.
 */
export function score(scored: Scored, name: string, value: number, details: ScoreDetails = {}): boolean {
  const posted = guarded(() => {
    const span = spanContextOf(scored);
    const response_id = string((scored as { response_id?: unknown }).response_id);
    if (!string(name) || typeof value !== 'number' || !Number.isFinite(value)) return false;
    if (!span && !response_id) return false;
    const { label, explanation } = details;
    return postScore({ name, value, label, explanation, response_id, span, at_ms: Date.now() });
  });
  return posted ?? false;
}

function spanContextOf(scored: object): SpanContext | undefined {
  const { spanContext, traceId, getValue } = scored as Partial<Span & SpanContext & Context>;
  const found =
    typeof spanContext === 'function'
      ? spanContext.call(scored)
      : typeof traceId === 'string'
        ? (scored as SpanContext)
        : typeof getValue === 'function'
          ? trace.getSpanContext(scored as Context)
          : spanOfAnswer(scored);
  return fields(found) && isSpanContextValid(found as SpanContext) ? found : undefined;
}
