/** What is sent of a call's text, as the process's content mode says. */
import type { Attributes } from '@opentelemetry/api';
import { ATTR } from '../attributes.ts';
import { knownHash, promptText, textHash } from '../hash.ts';
import { settings, sharedScrubber } from '../settings.ts';
import { inputMessages, outputMessages, systemInstructions } from './messages.ts';

/** Sets on `attributes` what may be sent of a prompt. `hash` is one that the caller has computed. */
export function setPrompt(attributes: Attributes, input: unknown, system?: unknown, hash?: unknown): void {
  const { content } = settings();
  const known = knownHash(hash);
  if (known) attributes[ATTR.promptHash] = known;
  if (content === 'off' || (input === undefined && system === undefined)) return;
  const digest = known ?? textHash(promptText(input));
  if (digest) attributes[ATTR.promptHash] = digest;
  if (content !== 'redacted') return;
  const scrub = sharedScrubber().begin();
  if (input !== undefined) attributes[ATTR.inputMessages] = inputMessages(input, scrub);
  if (system !== undefined) attributes[ATTR.systemInstructions] = systemInstructions(system, scrub);
}

/** Sets on `attributes` what may be sent of an answer's text. `hash` is one that the caller has computed. */
export function setAnswer(
  attributes: Attributes,
  text: string | undefined,
  finish_reason?: string,
  hash?: unknown,
): void {
  const { content } = settings();
  const known = knownHash(hash);
  if (known) attributes[ATTR.responseHash] = known;
  if (content === 'off' || !text) return;
  const digest = known ?? textHash(text);
  if (digest) attributes[ATTR.responseHash] = digest;
  if (content !== 'redacted') return;
  attributes[ATTR.outputMessages] = outputMessages(text, finish_reason, sharedScrubber().begin());
}
