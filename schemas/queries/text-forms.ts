/**
 * A text in the forms in which it may stand in a payload. Payloads are kept as they came, and mostly came as JSON: there
 * quotes, line breaks and, by many encoders, whatever is not ASCII are escaped; a message that holds JSON has them escaped
 * twice.
 */

/** Characters that no encoder of JSON escapes. */
const NEVER_ESCAPED = /[a-z0-9 .,:;!?*#%@$^~|_(){}[\]-]/i;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\b': 'b',
  '\f': 'f',
};
const quoted = (text: string): string => text.replace(/[!-/:-@[-`{-~]/g, '\\$&');

/** Of both cases, where each is one character. */
function casesOf(character: string): string[] {
  const cases = [character, character.toLowerCase(), character.toUpperCase()];
  return [...new Set(cases)].filter((one) => [...one].length === 1);
}

/** `\u00fc`, or two of them beyond the first 65,536; once or twice escaped. */
const unitsOf = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, at) => `\\\\{1,2}u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');

function formsOf(character: string): string {
  if (NEVER_ESCAPED.test(character)) return quoted(character);
  if (character === '\\') return '(?:\\\\{1,4}|\\\\{1,2}u005c)';
  const short = SHORT_ESCAPES[character];
  const forms = [
    // A quote or a slash is escaped by backslashes before it, which may as well belong to what is before.
    ...(character === '"' || character === '/' ? [`\\\\{0,3}${quoted(character)}`] : [quoted(character)]),
    ...(short === undefined ? [] : [`\\\\{1,2}${short}`]),
    ...casesOf(character).map(unitsOf),
  ];
  return `(?:${forms.join('|')})`;
}

/**
 * A pattern of all forms of the text, in whatever case, in the syntax of RE2; undefined where it stands in a payload of any
 * form as it is.
 */
export function formsPattern(text: string): string | undefined {
  const characters = [...text];
  if (characters.every((character) => NEVER_ESCAPED.test(character))) return undefined;
  return `(?i)${characters.map(formsOf).join('')}`;
}
