/** Content of a call: redacted text for `payloads`, cut at a limit; never any of it in `calls`. */
import type { PayloadRow } from '../../schemas/record/payloads.ts';
import type { AttributeValue } from '../otlp/span.ts';
import { asText } from './values.ts';

/** Redacts one text; the identity when redaction is off. */
export type Redact = (text: string) => string;

const TEXT_MAX_CHARS = 256 * 1024;

export interface Cut {
  text: string;
  cut: boolean;
}

/** Cuts at a number of UTF-16 units without leaving half a surrogate pair. */
export function cutText(text: string, max_chars: number): Cut {
  if (text.length <= max_chars) return { text, cut: false };
  return { text: text.slice(0, max_chars).toWellFormed(), cut: true };
}

export interface Contents {
  input: AttributeValue;
  output: AttributeValue;
  system: AttributeValue;
}

type PayloadTexts = Pick<PayloadRow, 'input' | 'output' | 'system' | 'truncated'>;

/**
 * Redacts first and cuts then, so that no half of a secret is left at the end; but nothing beyond twice the limit is
 * looked at. Undefined when there is no content.
 */
export function payloadTexts(contents: Contents, redact: Redact): PayloadTexts | undefined {
  const texts = {
    input: asText(contents.input),
    output: asText(contents.output),
    system: asText(contents.system),
  };
  if (texts.input === '' && texts.output === '' && texts.system === '') return undefined;
  let truncated = false;
  const finish = (text: string): string => {
    const bounded = cutText(text, 2 * TEXT_MAX_CHARS);
    const result = cutText(redact(bounded.text), TEXT_MAX_CHARS);
    truncated ||= bounded.cut || result.cut;
    return result.text;
  };
  return {
    input: finish(texts.input),
    output: finish(texts.output),
    system: finish(texts.system),
    truncated,
  };
}
