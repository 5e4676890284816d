/** Strings of a body. Spans repeat each other, so what came last time is looked for first. */
import { decoded, INTERNED_MAX_BYTES, InternTable, NOT_KEPT, type Words } from './intern-table.ts';

/** One of each per process; keys have their own so that values cannot push them out. */
const keys = new InternTable(1_024);
const texts = new InternTable(4_096);
/** By slot of a key: the slot of the key that came after it, and the slot of the text that was its value. */
const nextKeys = new Uint16Array(keys.slots);
const lastTexts = new Uint16Array(keys.slots);
/** Where guesses for keys that are not in the table come from: as good as any slot. */
const UNKNOWN = 0;
let lastKey = UNKNOWN;

/** The text of `bytes[start, end)`; what is not UTF-8 becomes U+FFFD. */
export function textAt(source: Words, start: number, end: number): string {
  const slot = end - start > INTERNED_MAX_BYTES ? NOT_KEPT : texts.slotOf(source, start, end, 0);
  return slot === NOT_KEPT ? decoded(source, start, end) : texts.at(slot);
}

/** The key of an attribute. */
export function keyAt(source: Words, start: number, end: number): string {
  const slot =
    end - start > INTERNED_MAX_BYTES ? NOT_KEPT : keys.slotOf(source, start, end, nextKeys[lastKey]!);
  if (slot === NOT_KEPT) {
    lastKey = UNKNOWN;
    return decoded(source, start, end);
  }
  nextKeys[lastKey] = slot;
  lastKey = slot;
  return keys.at(slot);
}

/** The text that is the value of the key read last. */
export function valueAt(source: Words, start: number, end: number): string {
  const slot =
    end - start > INTERNED_MAX_BYTES ? NOT_KEPT : texts.slotOf(source, start, end, lastTexts[lastKey]!);
  if (slot === NOT_KEPT) return decoded(source, start, end);
  lastTexts[lastKey] = slot;
  return texts.at(slot);
}
