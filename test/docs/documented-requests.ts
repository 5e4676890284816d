/** The requests that a document shows, and the answers under them. */
import { textOf } from '../tidy/sources.ts';

export interface DocumentedRequest {
  method: 'GET' | 'POST';
  path: string;
  body?: string;
  /** What is shown of the answer; undefined if nothing is. */
  shown?: unknown;
}

const BLOCK = /```(sh|json)\n([\s\S]*?)```/g;
const CURL = /curl '[^']*?:8080([^']*)'(?:[^\n]*? -d '([^']*)')?/g;

/** In their order; a JSON block belongs to the last request before it. */
export function documentedRequests(path: string): DocumentedRequest[] {
  const requests: DocumentedRequest[] = [];
  for (const [, kind, text] of textOf(path).matchAll(BLOCK)) {
    if (kind === 'json') {
      requests.at(-1)!.shown = JSON.parse(text!);
      continue;
    }
    for (const [, url, body] of text!.matchAll(CURL)) {
      requests.push({ method: body ? 'POST' : 'GET', path: url!, ...(body ? { body } : {}) });
    }
  }
  return requests;
}

/** Places where the answer lacks what is shown, or has something of another type there; null may be either. */
export function missing(shown: unknown, answer: unknown, place = ''): string[] {
  if (shown === null || answer === null) return [];
  if (Array.isArray(shown)) {
    if (!Array.isArray(answer)) return [place];
    // Of lists whatever is shown once must be somewhere.
    return shown.flatMap((item) =>
      answer.some((other) => missing(item, other, place).length === 0) ? [] : [`${place}[]`],
    );
  }
  if (typeof shown !== typeof answer) return [place];
  if (typeof shown !== 'object') return [];
  return Object.entries(shown as object).flatMap(([name, value]) =>
    Object.hasOwn(answer as object, name)
      ? missing(value, (answer as Record<string, unknown>)[name], `${place}.${name}`)
      : [`${place}.${name}`],
  );
}
