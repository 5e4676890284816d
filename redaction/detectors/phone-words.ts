import { ALNUM, is, LETTER } from '../chars.ts';
import { endings, readBack } from '../endings.ts';
import type { Scan } from '../scan.ts';

/** `inside` a word too (`telephone`), as a `word` of its own, or between such a word and the number. */
type Place = 'inside' | 'word' | 'between';

const WORDS: { text: string; place: Place }[] = [
  ...['phone', 'mobile', 'whatsapp'].map(at('inside')),
  ...['tel', 'cell', 'fax', 'sms', 'call', 'dial', 'ring'].map(at('word')),
  ...['number', 'num', 'no', 'nr', 'me', 'us', 'at', 'on', 'is', 'to'].map(at('between')),
];

function at(place: Place): (text: string) => { text: string; place: Place } {
  return (text) => ({ text, place });
}

const END = endings(WORDS);
const CONTEXT_CHARS = 32;
const MAX_GAP_CHARS = 6;
/** What may join the numbers of a list: as much as may follow a word, less the bracket that closes a label. */
const MAX_LIST_CHARS = MAX_GAP_CHARS - 1;

/** The words or the number right before `index` say that what follows is a telephone number. */
export function saysPhone(scan: Scan, index: number): boolean {
  return followsWord(scan, index) || followsPhone(scan, index);
}

/** Reads words backwards until one of them says it, no further than the context goes. */
function followsWord(scan: Scan, index: number): boolean {
  const from = Math.max(scan.floor, index - CONTEXT_CHARS);
  let end = index;
  while (end > from && index - end < MAX_GAP_CHARS && !is(scan.at(end - 1), ALNUM)) end--;
  for (;;) {
    let read = END;
    let start = end;
    while (read.word === undefined) {
      if (start <= from || !is(scan.at(start - 1), LETTER)) return false;
      const longer = readBack(read, scan.at(--start));
      if (longer === undefined) return false;
      read = longer;
    }
    if (read.word.place === 'inside') return true;
    if (read.word.place === 'word') return start === from || !is(scan.at(start - 1), LETTER);
    const isJoined = start > from && (scan.at(start - 1) === 32 || scan.at(start - 1) === 95);
    end = isJoined ? start - 1 : start;
  }
}

/**
 * The number is the next of a list. Once labelled, the number before would say `phone` to the next pass; seen
 * here, a list takes one pass and not one for each of its numbers, of which there may be too many.
 */
function followsPhone(scan: Scan, index: number): boolean {
  if (index - scan.floor > MAX_LIST_CHARS || scan.spans?.at(-1)?.kind !== 'phone') return false;
  let isList = false;
  for (let at = scan.floor; at < index; at++) {
    const code = scan.at(at);
    if (code === 44 || code === 59 || code === 124 || code === 10) isList = true;
    else if (code !== 32) return false;
  }
  return isList;
}
