/** The redacted payload of a call, put together from what its span and its events told; and why it is not there. */
import type { PayloadPartRow } from '../../schemas/queries/one-call.ts';

const MS_PER_DAY = 86_400_000;

/**
 * `kept`: it is here. `expired`: its days are over. `hash_only`: the service sends hashes of its texts and not the
 * texts. `not_sent`: no content came with the call.
 */
export const PAYLOAD_STATES = ['kept', 'expired', 'hash_only', 'not_sent'] as const;
export type PayloadState = (typeof PAYLOAD_STATES)[number];

export interface Payload {
  state: PayloadState;
  /** When it expires or expired; null where there was none. */
  expires_at: string | null;
  truncated: boolean;
  input: string | null;
  output: string | null;
  system: string | null;
}

type TextName = 'input' | 'output' | 'system';

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The span's own text wins; else what its events told, in the order of their times: one as it is, several as a list. */
export function assemble(parts: readonly PayloadPartRow[], name: TextName): string | null {
  const own = parts.find(({ part }) => part === '')?.[name];
  if (own) return own;
  const told = parts
    .filter((part) => part.part !== '' && part[name] !== '')
    .toSorted((a, b) => Number.parseInt(a.part, 10) - Number.parseInt(b.part, 10))
    .map((part) => part[name]);
  if (told.length === 0) return null;
  return told.length === 1 ? told[0]! : JSON.stringify(told.map(jsonOrText));
}

export interface PayloadFacts {
  started_ms: number;
  now_ms: number;
  payloads_days: number;
  has_hash: boolean;
}

export function expiryMs({ started_ms, payloads_days }: PayloadFacts): number {
  return started_ms + payloads_days * MS_PER_DAY;
}

/** What became of a payload, given whether any part of it is there. */
export function payloadState(facts: PayloadFacts, found: boolean): PayloadState {
  if (found) return 'kept';
  if (facts.now_ms >= expiryMs(facts)) return 'expired';
  return facts.has_hash ? 'hash_only' : 'not_sent';
}

/** When a payload expires or expired, null where there was none; and its state. */
export function payloadOutlook(
  facts: PayloadFacts,
  found: boolean,
): { state: PayloadState; expires_at: string | null } {
  const state = payloadState(facts, found);
  const hadOne = state === 'kept' || state === 'expired';
  return { state, expires_at: hadOne ? new Date(expiryMs(facts)).toISOString() : null };
}

export function payloadOf(parts: readonly PayloadPartRow[], facts: PayloadFacts): Payload {
  return {
    ...payloadOutlook(facts, parts.length > 0),
    truncated: parts.some(({ truncated }) => truncated),
    input: assemble(parts, 'input'),
    output: assemble(parts, 'output'),
    system: assemble(parts, 'system'),
  };
}
