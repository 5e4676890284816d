/** Which calls count, worked out in plain TypeScript from the rows that were sent: what the statements are held against. */
import type { CallRow } from '../../../../schemas/record/calls.ts';

const SECOND_US = 1_000_000;
const HOUR_US = 3_600 * SECOND_US;

const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex');
const hourOf = (call: CallRow): number => Math.floor(call.started_at / HOUR_US);
const endOf = (call: CallRow): number => call.started_at + Math.trunc(call.duration_ms * 1000);
export const identityOf = (call: CallRow): string =>
  `${call.project} ${hourOf(call)} ${hex(call.trace_id)} ${hex(call.span_id)}`;

function isCompatible(a: CallRow, b: CallRow): boolean {
  return (
    a.model.startsWith(b.model) ||
    b.model.startsWith(a.model) ||
    (a.response_model !== '' && a.response_model === b.response_model) ||
    a.model === b.response_model ||
    b.model === a.response_model
  );
}

const equalOrMissing = (a: number | null, b: number | null): boolean => a === null || b === null || a === b;
const overlap = (a: CallRow, b: CallRow): boolean =>
  a.started_at <= endOf(b) + SECOND_US && b.started_at <= endOf(a) + SECOND_US;
function isSameAnswer(a: CallRow, b: CallRow): boolean {
  if (a.response_id.length >= 20) return overlap(a, b);
  const tokens =
    equalOrMissing(a.input_tokens, b.input_tokens) && equalOrMissing(a.output_tokens, b.output_tokens);
  return tokens && a.started_at <= endOf(b) && b.started_at <= endOf(a);
}
const holds = (a: CallRow, b: CallRow): boolean => a.started_at <= b.started_at && endOf(a) >= endOf(b);
const carries = (a: CallRow, b: CallRow): boolean =>
  a.kind === 'carrier' &&
  b.kind === 'call' &&
  b.started_at >= a.started_at - SECOND_US &&
  b.started_at <= endOf(a) + SECOND_US;

export function isOneCall(a: CallRow, b: CallRow): boolean {
  if (a.project !== b.project || Math.abs(a.started_at - b.started_at) > HOUR_US) return false;
  const sameTrace = hex(a.trace_id) === hex(b.trace_id);
  if (sameTrace && hex(a.span_id) === hex(b.span_id)) return true;
  if (sameTrace && (carries(a, b) || carries(b, a))) return true;
  const related =
    sameTrace && (hex(b.parent_span_id) === hex(a.span_id) || hex(a.parent_span_id) === hex(b.span_id));
  if (
    related &&
    isCompatible(a, b) &&
    equalOrMissing(a.input_tokens, b.input_tokens) &&
    equalOrMissing(a.output_tokens, b.output_tokens)
  )
    return true;
  if (a.scope === b.scope) return false;
  if (a.response_id !== '' && a.response_id === b.response_id && isCompatible(a, b) && isSameAnswer(a, b))
    return true;
  return (
    a.process === b.process &&
    a.model === b.model &&
    (a.input_tokens ?? 0) > 0 &&
    (a.output_tokens ?? 0) > 0 &&
    a.input_tokens === b.input_tokens &&
    a.output_tokens === b.output_tokens &&
    Math.abs(a.started_at - b.started_at) <= 60 * SECOND_US &&
    (holds(a, b) || holds(b, a))
  );
}

function rankOf(call: CallRow): (number | string)[] {
  const told = Number(call.input_tokens !== null) + Number(call.output_tokens !== null);
  return [
    Number(call.kind === 'call'),
    told,
    call.started_at,
    -endOf(call),
    hex(call.trace_id),
    hex(call.span_id),
  ];
}

function isLesser(a: CallRow, b: CallRow): boolean {
  const [one, other] = [rankOf(a), rankOf(b)];
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && one[at]! < other[at]!;
}

/** Of all that was sent: of each identity the highest version, less repeats. */
export function countedOf(sent: readonly CallRow[]): CallRow[] {
  const newest = new Map<string, CallRow>();
  for (const call of sent) {
    const known = newest.get(identityOf(call));
    if (!known || call.version >= known.version) newest.set(identityOf(call), call);
  }
  const sorted = [...newest.values()].sort((a, b) => a.started_at - b.started_at);
  const struck = new Set<CallRow>();
  for (const [index, a] of sorted.entries()) {
    for (let other = index + 1; other < sorted.length; other++) {
      const b = sorted[other]!;
      if (b.started_at - a.started_at > HOUR_US) break;
      if (isOneCall(a, b)) struck.add(isLesser(a, b) ? a : b);
    }
  }
  return sorted.filter((call) => !struck.has(call));
}
