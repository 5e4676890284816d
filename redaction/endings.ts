/** A letter of some words read backwards: what may stand before it, by letter, and the word that begins with it. */
export interface Letter<Word> {
  before: (Letter<Word> | undefined)[];
  word: Word | undefined;
}

/**
 * Reads words backwards from their end, all at once. Words are of small ASCII letters, and none ends another,
 * so the first one read is the only one.
 */
export function endings<Word extends { text: string }>(words: readonly Word[]): Letter<Word> {
  const end = letter<Word>();
  for (const word of words) {
    let at = end;
    for (let i = word.text.length - 1; i >= 0; i--) at = at.before[word.text.charCodeAt(i) - 97] ??= letter();
    at.word = word;
  }
  return end;
}

function letter<Word>(): Letter<Word> {
  return { before: new Array(26).fill(undefined), word: undefined };
}

/** The next letter backwards, of either case; undefined if no word goes on with it. */
export function readBack<Word>(from: Letter<Word>, code: number): Letter<Word> | undefined {
  return from.before[(code | 32) - 97];
}
