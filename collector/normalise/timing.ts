/** When a call ran, and when its first token came: from attributes in several units, from events, from points in time. */
import type { Dialect } from '../dialects/dialect.ts';
import type { AttributeValue, Span } from '../otlp/span.ts';
import { position } from './compile.ts';
import { holds } from './conditions.ts';
import type { Gathered } from './gather.ts';
import { asBoolean, asNumber, asText } from './values.ts';

export interface Timing {
  /** Microseconds since 1970. */
  started_us: number;
  duration_ms: number;
  ttft_ms: number | null;
  /** Said by an attribute, by a first token that was marked, or by the dialect. */
  is_stream: boolean;
}

/** No call takes longer: such a number is a mistake of units, or no duration at all. */
const LONGEST_MS = 86_400_000;

/** Milliseconds; a point in time counts from `from_us`. Null when absent, negative, absurd or no number. */
function milliseconds(value: AttributeValue, unit: 's' | 'ms' | 'timestamp', from_us: number): number | null {
  const told = unit === 'timestamp' ? Date.parse(asText(value).replaceAll('"', '')) : asNumber(value);
  if (told === null) return null;
  const found_ms = unit === 'timestamp' ? told - from_us / 1_000 : unit === 's' ? told * 1_000 : told;
  return found_ms >= 0 && found_ms <= LONGEST_MS ? found_ms : null;
}

function firstEvent(span: Span, names: readonly string[]): number | null {
  for (const event of span.events) {
    if (names.includes(event.name) && event.time_us >= span.start_us) {
      return (event.time_us - span.start_us) / 1_000;
    }
  }
  return null;
}

/** A stream that is logged when it has ended is a span without length: its start is its end less the duration told. */
export function timingOf(span: Span, fields: Gathered, dialect: Dialect): Timing {
  let { start_us: started_us, duration_ms } = span;
  const told_ms = milliseconds(fields.get(position.duration), fields.unitOf(position.duration), started_us);
  if (duration_ms < 1 && told_ms !== null && told_ms > duration_ms) {
    started_us -= Math.round(told_ms * 1_000);
    duration_ms = told_ms;
  }
  const marked_ms = dialect.first_token_events ? firstEvent(span, dialect.first_token_events) : null;
  const stream = fields.get(position.stream);
  const is_stream =
    asBoolean(stream) ||
    marked_ms !== null ||
    (stream === null && fields.get(position.ttft) !== null) ||
    dialect.streams?.some((one) => holds(one, span, fields)) === true;
  // Of an answer in one piece some emitters tell the whole time as the time to its first token.
  const told = stream === null || is_stream ? fields.get(position.ttft) : null;
  return {
    started_us,
    duration_ms,
    ttft_ms: milliseconds(told, fields.unitOf(position.ttft), span.start_us) ?? marked_ms,
    is_stream,
  };
}
