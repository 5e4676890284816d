import { find } from './find.ts';
import { KINDS, type Kind, label } from './kinds.ts';
import { normalise } from './normalise.ts';
import { Scan } from './scan.ts';
import { merge, replace, type Span, trim, unfold } from './spans.ts';

export { KINDS, type Kind } from './kinds.ts';

/** Findings by kind; `error` counts texts that were given up as a whole. */
export type Tally = Partial<Record<Kind | 'error', number>>;

export interface RedactorOptions {
  /** What to look for; everything by default. */
  kinds?: readonly Kind[];
}

export interface Redactor {
  /**
   * Replaces every secret and personal datum it knows by `[REDACTED:<kind>]`.
   *
   * Returns the same string when there is nothing to replace, and then allocates nothing, unless the text holds
   * escapes or look-alikes, which are undone in a copy. Never throws: a text it cannot finish becomes `[REDACTED:error]`. Idempotent. Linear in the length of the text, which the caller
   * bounds: redact first, cut to size afterwards, since half a secret is harder to know than a whole one.
   * (Half a secret at the end is still found where its beginning is unmistakable: `sk-ant-`, `AKIA`, a JWT's
   * header, `-----BEGIN … PRIVATE KEY-----`.)
   *
   * Found: keys of model providers, clouds and forges by their prefix; values named `password`, `api_key`,
   * `token` and the like; bearer and basic credentials; JWTs; private keys; passwords in addresses; e-mail
   * addresses; payment cards (issuer, Luhn); IBANs (country, mod-97); telephone numbers that are written as
   * such. Text that holds JSON is handled as text: escapes (`\u0040`, `\/`, `\n`, escaped again or not),
   * percent-encoding (`%40`), full-width and other look-alikes of NFKC and characters without width hide
   * nothing, and JSON whose strings held secrets is still JSON. (A bare JSON number that is a card's becomes a
   * label without quotes.)
   *
   * Not found: names, postal addresses, dates of birth, national ids, IP addresses; base64 or HTML-encoded
   * secrets; secrets with no known prefix, name or shape.
   *
   * @param tally counts of findings are added to it
   */
  redact(text: string, tally?: Tally): string;
}

/** Each pass may bring what stood around a finding into view; more than a few passes means hostile input. */
const MAX_PASSES = 6;
/** The shortest text that can hold a finding: `a@b.co`. */
const MIN_CHARS = 6;

/** Makes a redactor. It keeps buffers between calls, so make one and share it. */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  const kinds = new Set(options.kinds ?? KINDS);
  const scan = new Scan();

  function pass(text: string): Span[] | undefined {
    const mustFold = find(scan, text, kinds, false);
    const plain = scan.spans;
    if (!mustFold) return plain;
    const folded = normalise(text);
    find(scan, folded.text, kinds, true);
    const hidden = scan.spans;
    if (plain === undefined && hidden === undefined) return undefined;
    const all = merge([...trim(plain ?? [], folded), ...unfold(hidden ?? [], folded)]);
    return all.length === 0 ? undefined : all;
  }

  return {
    redact(text, tally) {
      try {
        if (text.length < MIN_CHARS) return text;
        let current = text;
        for (let i = 0; i < MAX_PASSES; i++) {
          const found = pass(current);
          if (found === undefined) return current;
          const next = replace(current, found);
          if (next === current) return current;
          if (tally) for (const { kind } of found) tally[kind] = (tally[kind] ?? 0) + 1;
          current = next;
        }
      } catch {
        // Falls through: whatever went wrong, the text must not pass as it is.
      }
      if (tally) tally.error = (tally.error ?? 0) + 1;
      return label('error');
    },
  };
}
