import { type Kind, label } from './kinds.ts';
import type { Folded } from './normalise.ts';

/** A finding: from `start` to `end` (exclusive), in UTF-16 code units. */
export interface Span {
  start: number;
  end: number;
  kind: Kind;
}

/** Moves findings of the folded text to where they stand in the original. Escapes go whole. */
export function unfold(spans: Span[], { parts, count }: Folded): Span[] {
  let at = 0;
  // Findings are in order, and so are parts; an end may lie in the part where the next finding starts.
  const original = (position: number, isEnd: boolean): number => {
    while (at < count && parts[at * 4 + 1]! < position + (isEnd ? 0 : 1)) at++;
    if (at < count && parts[at * 4]! < position + (isEnd ? 0 : 1)) return parts[at * 4 + (isEnd ? 3 : 2)]!;
    return at === 0 ? position : parts[at * 4 - 1]! + position - parts[at * 4 - 3]!;
  };
  return spans.map(({ start, end, kind }) => ({
    start: original(start, false),
    end: original(end, true),
    kind,
  }));
}

/**
 * Takes findings of the original text out of the escapes they begin or end in: in `\nann@example.com` the
 * `n` is no letter, and `\[REDACTED:email]` would not be JSON. The folded text has found the right start.
 */
export function trim(spans: Span[], { parts, count }: Folded): Span[] {
  const trimmed: Span[] = [];
  let at = 0;
  for (let { start, end, kind } of spans) {
    while (at < count && parts[at * 4 + 3]! <= start) at++;
    if (at < count && parts[at * 4 + 2]! < start) start = parts[at * 4 + 3]!;
    while (at < count && parts[at * 4 + 3]! < end) at++;
    if (at < count && parts[at * 4 + 2]! < end && end < parts[at * 4 + 3]!) end = parts[at * 4 + 2]!;
    if (start < end) trimmed.push({ start, end, kind });
  }
  return trimmed;
}

/** Sorts findings and joins those that overlap; the first one's kind stays. */
export function merge(spans: Span[]): Span[] {
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const merged: Span[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end);
    else merged.push(span);
  }
  return merged;
}

/** The text with each finding replaced by its label. Findings must be in order and apart. */
export function replace(text: string, spans: Span[]): string {
  let replaced = '';
  let from = 0;
  for (const { start, end, kind } of spans) {
    replaced += text.slice(from, start) + label(kind);
    from = end;
  }
  return replaced + text.slice(from);
}
