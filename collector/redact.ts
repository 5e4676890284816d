/** Redaction as the collector does it, with counts of what it found. */
import { Counter, type Registry } from 'prom-client';
import { createRedactor, type Tally } from '../redaction/index.ts';
import type { Redact } from './normalise/content.ts';

/**
 * Redacts a text. Counts by kind in `plumbline_redactions_total`; the kind `error` is a text that redaction could not
 * finish, stored as `[REDACTED:error]`. Of names that come again and again only the first is counted.
 */
export function createRedact(registry: Registry): Redact {
  const redactor = createRedactor();
  const found: Tally = {};
  new Counter({
    name: 'plumbline_redactions_total',
    help: 'Secrets and personal data replaced, by kind; kind="error": whole texts that redaction gave up.',
    labelNames: ['kind'],
    registers: [registry],
    // Counted when asked for, so that a text costs no more than its redaction.
    collect() {
      this.inc({ kind: 'error' }, 0);
      for (const kind of Object.keys(found) as (keyof Tally)[]) {
        this.inc({ kind }, found[kind]);
        found[kind] = 0;
      }
    },
  });
  return (text) => redactor.redact(text, found);
}
