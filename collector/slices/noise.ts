/** How much of a text is noise: what OCR, broken encodings and bored fingers leave behind. */

/** Enough to judge by, and bounded whatever comes. */
const LOOKED_AT_MAX_CHARS = 4_096;
/** A word or two say nothing. */
const JUDGED_MIN_CHARS = 12;
const ORDINARY = /[\p{L}\p{N}\p{M}\p{P}\p{Sc}\p{Extended_Pictographic}\p{Emoji_Modifier}\s<>+=|~^`]|\u200d/u;
/** As many of one character in a row are no longer a word or a rule of dashes. */
const RUN_MIN = 4;
const RULES = new Set('-=_*#. \t\n');

/**
 * Share of the characters, 0 to 1, that are broken (U+FFFD, controls), neither letters, digits, punctuation nor
 * emoji, or part of a run of one letter. 0 for texts too short to judge.
 */
export function noiseShare(text: string): number {
  const characters = Array.from(text.slice(0, LOOKED_AT_MAX_CHARS));
  if (characters.length < JUDGED_MIN_CHARS) return 0;
  let noise = 0;
  let run = 1;
  characters.forEach((character, i) => {
    run = character === characters[i - 1] ? run + 1 : 1;
    if (run >= RUN_MIN && !RULES.has(character)) {
      // The characters before were taken for a word when they came.
      noise += run === RUN_MIN ? RUN_MIN : 1;
      return;
    }
    if (!ORDINARY.test(character)) noise++;
  });
  return noise / characters.length;
}
