/** What a process asks of the tracer; everything else is said by OpenTelemetry's variables. */
import { createScrubber, type Scrubber, type ScrubberOptions } from './content/scrubber.ts';
import type { CallContext } from './options.ts';

/** What leaves the process of a call's text: nothing, its SHA-256, or its SHA-256 and the redacted text. */
export type ContentMode = 'off' | 'hash' | 'redacted';

export interface TracerOptions {
  /** `hash` unless said otherwise. */
  content?: ContentMode | undefined;
  /** How text is redacted in `redacted` mode. */
  redaction?: ScrubberOptions | undefined;
  /** Which labels of `withCallContext` also travel in W3C baggage, to other services too; none by default. */
  baggage?: readonly (keyof CallContext)[] | undefined;
  /** Hosts, beside the well-known ones, whose OpenAI-compatible API is called by plain `fetch`: `llm.example.com`, `127.0.0.1:8000`. */
  fetch_hosts?: readonly string[] | undefined;
}

interface Settings {
  content: ContentMode;
  baggage: readonly (keyof CallContext)[];
  fetch_hosts: readonly string[];
}

const MODES: readonly unknown[] = ['off', 'hash', 'redacted'];

let current: Settings = { content: 'hash', baggage: [], fetch_hosts: [] };
let redaction: ScrubberOptions = {};
let scrubber: Scrubber | undefined;

/**
 * Sets what is given and leaves the rest as it is; in force for calls begun afterwards. A mode that does not
 * exist means `off`: whoever misspells how careful to be is served carefully.
 */
export function configure(options: TracerOptions): void {
  const { content, baggage, fetch_hosts } = options;
  current = {
    content: content === undefined ? current.content : MODES.includes(content) ? content : 'off',
    baggage: baggage ?? current.baggage,
    fetch_hosts: fetch_hosts ?? current.fetch_hosts,
  };
  if (options.redaction) {
    redaction = options.redaction;
    scrubber = undefined;
  }
}

/** What is in force now. */
export function settings(): Settings {
  return current;
}

/** The process's scrubber: made when the first text is to be redacted, and shared, since it keeps buffers. */
export function sharedScrubber(): Scrubber {
  scrubber ??= createScrubber(redaction);
  return scrubber;
}
