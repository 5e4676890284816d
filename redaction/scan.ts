import { DIGIT, is, LETTER, LOWER, STOP, UPPER, WORD } from './chars.ts';
import { type Kind, LABEL_OPEN } from './kinds.ts';
import type { Span } from './spans.ts';

/** What `Scan.next` looks for, by number. */
export const DOUBLE_QUOTE = 0;
export const SINGLE_QUOTE = 1;
export const BACK_QUOTE = 2;
export const LINE_END = 3;
export const ARMOUR_BEGIN = 4;
export const ARMOUR_END = 5;
export const NEEDLES = ['"', "'", '`', '\n', '-----BEGIN', '-----END'] as const;
export type Needle = 0 | 1 | 2 | 3 | 4 | 5;

/** Walks begun by any scan. */
let walks = 0;

/**
 * One walk over one text: where it stands and what a detector has just found.
 *
 * The ends of runs are remembered, because many triggers may lie inside one run
 * (`sk-sk-sk-…`, `token=token=…`) and each would otherwise walk to its end again.
 */
export class Scan {
  text = '';
  /** The text's escapes have been undone: a backslash in it escapes nothing. */
  isFolded = false;
  /** Tells one text from the next, for what is remembered of a text elsewhere. */
  walk = 0;
  /** Nothing before this index may be taken: it belongs to the previous finding. */
  floor = 0;
  start = 0;
  end = 0;
  kind: Kind = 'email';
  /** What was found and kept; undefined while nothing was, so that most texts cost no array. */
  spans: Span[] | undefined;
  #tokenFrom = 0;
  #tokenTo = -1;
  #tokenDigit = -1;
  #tokenUpper = -1;
  #tokenLower = -1;
  #valueFrom = 0;
  #valueTo = -1;
  #lastDigit = -1;
  #lastLetter = -1;
  #lastOther = -1;
  readonly #nextFrom = new Float64Array(NEEDLES.length);
  readonly #nextAt = new Float64Array(NEEDLES.length);

  reset(text: string, isFolded: boolean): void {
    this.text = text;
    this.isFolded = isFolded;
    this.walk = ++walks;
    this.floor = 0;
    this.spans = undefined;
    this.#tokenTo = -1;
    this.#valueTo = -1;
    this.#nextAt.fill(-1);
  }

  /** Reports a finding, end exclusive. Returns true so that detectors can return it. */
  found(kind: Kind, start: number, end: number): true {
    this.kind = kind;
    this.start = start;
    this.end = end;
    return true;
  }

  /** Keeps the finding reported last. */
  keep(): void {
    this.spans ??= [];
    this.spans.push({ start: this.start, end: this.end, kind: this.kind });
    this.floor = this.end;
  }

  /** The code at an index; 0 outside the text, since reading there makes every later reading slow. */
  at(index: number): number {
    return index >= 0 && index < this.text.length ? this.text.charCodeAt(index) : 0;
  }

  /** Where the run of letters, digits, `-` and `_` that holds `from` ends (exclusive). */
  tokenEnd(from: number): number {
    if (from >= this.#tokenFrom && from <= this.#tokenTo) return this.#tokenTo;
    this.#tokenDigit = this.#tokenUpper = this.#tokenLower = -1;
    let end = from;
    for (let code = this.at(end); is(code, WORD); code = this.at(++end)) {
      if (is(code, DIGIT)) this.#tokenDigit = end;
      else if (is(code, UPPER)) this.#tokenUpper = end;
      else if (is(code, LOWER)) this.#tokenLower = end;
    }
    this.#tokenFrom = from;
    this.#tokenTo = end;
    return end;
  }

  /** The rest of the run given by the last `tokenEnd` holds a digit, or letters of both cases. */
  tokenLooksRandom(from: number): boolean {
    return this.#tokenDigit >= from || (this.#tokenUpper >= from && this.#tokenLower >= from);
  }

  /** Where the unquoted value at `from` ends (exclusive): at a blank, a quote, a bracket, `,;&|\` or a label. */
  valueEnd(from: number): number {
    if (from >= this.#valueFrom && from <= this.#valueTo) return this.#valueTo;
    this.#lastDigit = this.#lastLetter = this.#lastOther = -1;
    let end = from;
    for (; end < this.text.length; end++) {
      const code = this.text.charCodeAt(end);
      if (is(code, STOP) || (code === 91 && this.text.startsWith(LABEL_OPEN, end))) break;
      if (is(code, DIGIT)) this.#lastDigit = end;
      else if (is(code, LETTER)) this.#lastLetter = end;
      else this.#lastOther = end;
    }
    this.#valueFrom = from;
    this.#valueTo = end;
    return end;
  }

  /** Where the needle comes next at or after `from`; Infinity if nowhere. Remembered, as the runs are. */
  next(needle: Needle, from: number): number {
    const known = this.#nextAt[needle]!;
    if (from >= this.#nextFrom[needle]! && from <= known) return known;
    const index = this.text.indexOf(NEEDLES[needle]!, from);
    const at = index === -1 ? Number.POSITIVE_INFINITY : index;
    this.#nextFrom[needle] = from;
    this.#nextAt[needle] = at;
    return at;
  }

  /** What the value from `from` to the end given by the last `valueEnd` holds. */
  valueHas(what: 'digit' | 'letter' | 'other', from: number): boolean {
    const last = what === 'digit' ? this.#lastDigit : what === 'letter' ? this.#lastLetter : this.#lastOther;
    return last >= from;
  }

  /** Where the label that opens at `from` ends (exclusive); -1 if none does. */
  labelEnd(from: number): number {
    if (this.at(from) !== 91 || !this.text.startsWith(LABEL_OPEN, from)) return -1;
    let end = from + LABEL_OPEN.length;
    for (let code = this.at(end); is(code, LOWER) || code === 95; code = this.at(++end));
    return this.at(end) === 93 ? end + 1 : -1;
  }

  /** The text was cut here: its end, or the dots that stand for the rest. */
  isCut(index: number): boolean {
    return index >= this.text.length || this.at(index) === 0x2026 || this.text.startsWith('...', index);
  }
}

/** Looks at the trigger at `index`; on a finding calls `scan.found` and returns true. Must not walk far. */
export type Detector = (scan: Scan, index: number) => boolean;
