/**
 * Cursors of lists: the place where a page ended, the window as it was resolved for the first page, and which search
 * it is about. Opaque to clients, and checked like anything that comes from outside; no secret is in them.
 */
import { createHash } from 'node:crypto';
import type { CallPlace } from '../schemas/queries/call-search.ts';
import type { RawQuery } from './parameters/query-string.ts';
import type { Window } from './parameters/window.ts';
import { Problem } from './problems.ts';

export interface Cursor {
  /** [from, to) of every page, whatever `now` is by then. */
  window: Window;
  place: CallPlace;
}

const VERSION = 1;
const LONGEST = 512;
/** May differ from page to page. */
const FREE = new Set(['cursor', 'limit', 'format', 'fields']);

/** What the search is, in a few characters: a cursor of another one would skip calls in silence. */
export function searchDigest(raw: RawQuery): string {
  const asked = Object.entries(raw)
    .filter(([name]) => !FREE.has(name))
    .map(([name, value]) => [name, ...[value].flat()])
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 12);
}

export function encodeCursor({ window, place }: Cursor, digest: string): string {
  const { started_us, trace_id, span_id, value } = place;
  const fields = [VERSION, digest, window.from_ms, window.to_ms, started_us, trace_id, span_id];
  if (value !== undefined) fields.push(value);
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

const refused = (received: string, why: string): Problem =>
  new Problem('invalid-parameter', {
    detail: `'cursor' ${why}.`,
    parameter: 'cursor',
    received,
    allowed: ['the `next_cursor` of an answer, with the parameters that it was asked with'],
  });

const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 8e15;
const isHex = (value: unknown, digits: number): value is string =>
  typeof value === 'string' && value.length === digits && /^[0-9a-f]+$/.test(value);

function fieldsOf(text: string): unknown[] {
  try {
    const fields: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(fields) ? fields : [];
  } catch {
    return [];
  }
}

/** Throws Problem. */
export function decodeCursor(text: string, digest: string): Cursor {
  if (text.length > LONGEST) throw refused(text, 'is not one of ours');
  const [version, search, from_ms, to_ms, started_us, trace_id, span_id, value] = fieldsOf(text);
  const sound =
    version === VERSION &&
    isTime(from_ms) &&
    isTime(to_ms) &&
    from_ms < to_ms &&
    isTime(started_us) &&
    isHex(trace_id, 32) &&
    isHex(span_id, 16) &&
    (value === undefined || typeof value === 'number');
  if (!sound) throw refused(text, 'is not one of ours');
  if (search !== digest) throw refused(text, 'belongs to a search with other parameters');
  const place = { started_us, trace_id, span_id, ...(value === undefined ? {} : { value }) };
  return { window: { from_ms, to_ms }, place };
}
