/**
 * Every span that came in is accounted for: received = stored + not model calls + rejected + failed. The metrics are of
 * the process, for whoever runs it; a project's own counters are for its keys. Projects are as many as keys name.
 */
import { Counter, Histogram, type Registry } from 'prom-client';

export type Fate = 'call' | 'carrier' | 'score' | 'content' | 'not_a_model_call' | 'failed';

export interface LedgerSnapshot {
  received: number;
  stored: number;
  not_model_calls: number;
  rejected: Record<string, number>;
  /** Not durable: the sender was told to send again. */
  failed: number;
}

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Ledger {
  readonly #received: Counter;
  readonly #fates: Counter<'fate'>;
  readonly #rejected: Counter<'reason'>;
  readonly #requests: Counter<'route' | 'status'>;
  readonly #seconds: Histogram<'route'>;
  readonly #projects = new Map<string, LedgerSnapshot>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#received = new Counter({
      name: 'plumbline_spans_received_total',
      help: 'Spans and log records that came in well-formed requests.',
      registers,
    });
    this.#fates = new Counter({
      name: 'plumbline_spans_total',
      help: 'What became of spans and log records that were not rejected.',
      labelNames: ['fate'],
      registers,
    });
    this.#rejected = new Counter({
      name: 'plumbline_spans_rejected_total',
      help: 'Spans refused for good, by reason; the reply named them.',
      labelNames: ['reason'],
      registers,
    });
    this.#requests = new Counter({
      name: 'plumbline_otlp_requests_total',
      help: 'OTLP requests by route and status.',
      labelNames: ['route', 'status'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'plumbline_otlp_request_seconds',
      help: 'Time from the request to its reply.',
      labelNames: ['route'],
      buckets: REQUEST_SECONDS,
      registers,
    });
  }

  #of(project: string): LedgerSnapshot {
    const known = this.#projects.get(project);
    if (known) return known;
    const fresh = { received: 0, stored: 0, not_model_calls: 0, rejected: {}, failed: 0 };
    this.#projects.set(project, fresh);
    return fresh;
  }

  received(project: string, count: number): void {
    this.#received.inc(count);
    this.#of(project).received += count;
  }

  became(project: string, fate: Fate, count: number): void {
    if (count === 0) return;
    this.#fates.inc({ fate }, count);
    const own = this.#of(project);
    if (fate === 'not_a_model_call') own.not_model_calls += count;
    else if (fate === 'failed') own.failed += count;
    else own.stored += count;
  }

  rejected(project: string, reason: string, count: number): void {
    this.#rejected.inc({ reason }, count);
    const { rejected } = this.#of(project);
    rejected[reason] = (rejected[reason] ?? 0) + count;
  }

  answered(route: string, status: number, seconds: number): void {
    this.#requests.inc({ route, status: String(status) });
    this.#seconds.observe({ route }, seconds);
  }

  /** What came with the project's keys since the process started. */
  snapshot(project: string): LedgerSnapshot {
    return structuredClone(this.#of(project));
  }
}
