/** Redaction with rules of the user's own and a limit of time. What cannot be finished is not sent. */
import { createRedactor, KINDS, type Kind } from '../../redaction/index.ts';
import { type NationalId, redactNationalIds } from './national-ids.ts';

export type { NationalId } from './national-ids.ts';

/** A rule of the user's own: what the pattern matches becomes `[REDACTED:<name>]`. */
export interface RedactionRule {
  name: string;
  /**
   * Runs on the process's main thread and cannot be interrupted: a pattern that backtracks without bound holds
   * the process; only what comes after it is given up.
   */
  pattern: RegExp;
}

export interface ScrubberOptions {
  /** What is looked for; everything that `redaction/` knows by default. */
  kinds?: readonly Kind[] | undefined;
  /** National identity numbers, by country; none by default, since their shapes are common among numbers. */
  national_ids?: readonly NationalId[] | undefined;
  /** Applied after the detectors, in order. */
  rules?: readonly RedactionRule[] | undefined;
  /** Time for the texts of one prompt or one answer (default 25). */
  budget_ms?: number | undefined;
  /** A longer text is not sent at all (default 262,144 characters): redaction comes before cutting. */
  max_chars?: number | undefined;
}

/** Redacts the texts of one prompt or one answer. */
export interface Scrub {
  /** The redacted text; `[REDACTED:error]` for a text that is too long, comes too late or breaks a rule. */
  text(text: string): string;
}

export interface Scrubber {
  /** Begins one prompt or answer; its time runs from here. */
  begin(): Scrub;
}

const BUDGET_MS = 25;
const MAX_CHARS = 262_144;
const GIVEN_UP = '[REDACTED:error]';

/** Makes a scrubber. Throws if a rule is none, so that a misspelt rule does not let text pass. */
export function createScrubber(options: ScrubberOptions = {}): Scrubber {
  const { budget_ms = BUDGET_MS, max_chars = MAX_CHARS, national_ids = [] } = options;
  const redactor = createRedactor({ kinds: options.kinds ?? KINDS });
  const rules = (options.rules ?? []).map(({ name, pattern }) => ({
    label: `[REDACTED:${name.replace(/[^\w-]/g, '_')}]`,
    pattern: new RegExp(pattern.source, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`),
  }));

  function redact(text: string): string {
    let redacted = redactor.redact(text);
    if (national_ids.length > 0) redacted = redactNationalIds(redacted, national_ids);
    for (const { label, pattern } of rules) redacted = redacted.replace(pattern, label);
    return redacted;
  }

  return {
    begin() {
      const deadline = performance.now() + budget_ms;
      return {
        text(text) {
          if (text.length > max_chars || performance.now() > deadline) return GIVEN_UP;
          try {
            const redacted = redact(text);
            return performance.now() > deadline ? GIVEN_UP : redacted;
          } catch {
            return GIVEN_UP;
          }
        },
      };
    },
  };
}
