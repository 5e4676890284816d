/** From the decoded records of one request to rows, counts and refusals. Pure but for the clock it is given. */
import type { CallRow } from '../schemas/record/calls.ts';
import type { PayloadRow } from '../schemas/record/payloads.ts';
import type { ScoreRow } from '../schemas/record/scores.ts';
import { type NormaliseContext, normalise } from './normalise/call-row.ts';
import { normaliseLog } from './normalise/log-row.ts';
import type { LogRecord, Span } from './otlp/span.ts';

/** What one request brings. */
export interface TakenIn {
  received: number;
  calls: CallRow[];
  payloads: PayloadRow[];
  scores: ScoreRow[];
  carriers: number;
  /** Log records that told content. */
  contents: number;
  not_model_calls: number;
  rejections: Rejection[];
}

export interface Rejection {
  reason: string;
  message: string;
}

function nothing(received = 0): TakenIn {
  return {
    received,
    calls: [],
    payloads: [],
    scores: [],
    carriers: 0,
    contents: 0,
    not_model_calls: 0,
    rejections: [],
  };
}

/** `each` hands over the spans of a request; they are not kept. Throws what `each` throws. */
export function takeInEach(each: (take: (span: Span) => void) => void, context: NormaliseContext): TakenIn {
  const taken = nothing();
  each((span) => {
    taken.received++;
    const result = normalise(span, context);
    if (result.outcome === 'not_a_model_call') taken.not_model_calls++;
    else if (result.outcome === 'rejected') taken.rejections.push(result);
    else {
      taken.calls.push(result.row);
      if (result.outcome === 'carrier') taken.carriers++;
      if (result.payload) taken.payloads.push(result.payload);
    }
  });
  return taken;
}

export function takeInSpans(spans: readonly Span[], context: NormaliseContext): TakenIn {
  return takeInEach((take) => spans.forEach(take), context);
}

export function takeInLogs(records: readonly LogRecord[], context: NormaliseContext): TakenIn {
  const taken = nothing(records.length);
  for (const record of records) {
    const result = normaliseLog(record, context);
    if (result.outcome === 'not_a_model_call') taken.not_model_calls++;
    else if (result.outcome === 'rejected') taken.rejections.push(result);
    else if (result.outcome === 'score') taken.scores.push(result.row);
    else {
      taken.payloads.push(result.row);
      taken.contents++;
    }
  }
  return taken;
}

const MESSAGES_SHOWN = 3;

/** The sentence of `partialSuccess`: the first refusals in full, the rest counted. */
export function rejectionMessage(rejections: readonly Rejection[]): string {
  const shown = rejections.slice(0, MESSAGES_SHOWN).map(({ message }) => message);
  const more = rejections.length - shown.length;
  return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
