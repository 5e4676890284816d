/** Answers to questions that come again and again, such as what a model's name is once redacted. */
import type { Redact } from './content.ts';

/** Texts come from outside: what is remembered of them is forgotten when there are too many, or when they are long. */
const REMEMBERED_MAX = 10_000;
const TEXT_MAX_CHARS = 128;

/** The same function, which remembers its answers to short texts. */
export function remembering<Answer>(answer: (text: string) => Answer): (text: string) => Answer {
  const known = new Map<string, Answer>();
  let lastText: string | undefined;
  let lastAnswer: Answer;
  const find = (text: string): Answer => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = answer(text);
    if (text.length <= TEXT_MAX_CHARS) {
      if (known.size >= REMEMBERED_MAX) known.clear();
      known.set(text, made);
    }
    return made;
  };
  return (text) => {
    if (text !== lastText) {
      lastAnswer = find(text);
      lastText = text;
    }
    return lastAnswer;
  };
}

const redactors = new WeakMap<Redact, Redact>();

/** Redaction of texts of which there are few: names of models, of providers, of attributes. */
export function redactName(redact: Redact): Redact {
  let found = redactors.get(redact);
  if (found === undefined) {
    const remembered = remembering(redact);
    found = (name) => (name === '' ? '' : remembered(name));
    redactors.set(redact, found);
  }
  return found;
}
