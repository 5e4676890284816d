/** Keeps repeats, rollups and their audit going beside the inserts. Any number of processes may run it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { Log } from '../../schemas/log.ts';
import { CLOCK_GRAIN_MS, MS_PER_HOUR } from '../../schemas/queries/settling/times.ts';
import { auditHour, auditUnits, mendHour } from './auditor.ts';
import { eraseReturned, removeLeftOfErasedSpans } from './erase.ts';
import { examine, progressOf } from './examiner.ts';
import { createSettleMetrics } from './metrics.ts';
import { collectVersions, settleDue } from './settle-hours.ts';
import type { SettleStore } from './store.ts';

export interface SettlerOptions extends SettleStore {
  registry: Registry;
  log: Log;
  /** From the start of one pass to the next, if passes are short. Default 10 s. */
  interval_ms?: number;
  /** One hour of one project is audited so often. Default 30 s. */
  audit_interval_ms?: number;
  /** How much of the time passes may take, 0 to 1. Default 0.5. */
  share_of_time?: number;
}

export interface Settler {
  start(): void;
  /** Finishes the batch of hours that is being settled, or the other step under way. */
  stop(): Promise<void>;
}

const UPKEEP_INTERVAL_MS = MS_PER_HOUR;
/** Of hours about which nothing can be said just now, so that one of them does not hold up the audit. */
const AUDITS_TRIED_MOST = 5;
/** After a long pass; until the next, answers look for the repeats of what has come meanwhile. */
const REST_MOST_MS = 30_000;

/** A settler that does not run yet. Failures are logged, counted and repeated with the next pass. */
export function createSettler(options: SettlerOptions): Settler {
  const {
    log,
    registry,
    interval_ms = 10_000,
    audit_interval_ms = 30_000,
    share_of_time = 0.5,
    ...store
  } = options;
  const metrics = createSettleMetrics(registry);
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  /** What the last pass left nothing to do for: until it changes a pass is one cheap question. */
  let finished = '';
  let audited_ms = store.now();
  let upkept_ms = store.now();

  /** Whether more is due than one pass takes. */
  async function settle(): Promise<boolean> {
    const progress = await progressOf(store);
    const unexamined_ms = progress.newest_ms - (progress.examined_ms - CLOCK_GRAIN_MS);
    metrics.lag_seconds.set(Math.max(0, unexamined_ms) / 1000);
    const state = `${progress.newest_ms} ${progress.unsettled_ms} ${Math.floor(store.now() / MS_PER_HOUR)}`;
    if (state === finished) return false;
    const began = performance.now();
    if (unexamined_ms > 0) await examine(store);
    const { settled, waiting } = await settleDue(store, stopping.signal, (settlement) => {
      metrics.settled.inc(settlement.settled);
      metrics.waiting.set(settlement.waiting);
    });
    metrics.pass_seconds.observe((performance.now() - began) / 1000);
    const isQuiet = progress.newest_ms < progress.now_ms - 2 * CLOCK_GRAIN_MS && unexamined_ms <= 0;
    finished = isQuiet && waiting === 0 && settled === 0 ? state : '';
    return waiting > 0 && settled > 0;
  }

  async function audit(): Promise<void> {
    if (store.now() - audited_ms < audit_interval_ms) return;
    audited_ms = store.now();
    for (const unit of await auditUnits(store, AUDITS_TRIED_MOST)) {
      const result = await auditHour(store, unit);
      if (result === undefined) continue;
      metrics.audited.inc();
      metrics.audited_cells.inc(result.cells);
      if (result.differences === 0) return;
      metrics.differences.inc(result.differences);
      log('error', 'a rollup differed from its calls; it is settled anew', { ...result });
      await mendHour(store, unit.project, unit.hour);
      return;
    }
  }

  async function upkeep(): Promise<void> {
    if (store.now() - upkept_ms < UPKEEP_INTERVAL_MS) return;
    upkept_ms = store.now();
    await attempt('removing old versions', () => collectVersions(store));
    await attempt('removing calls of erased users', async () => {
      for (const report of await eraseReturned(store)) {
        log('info', 'calls of an erased user came again and are removed', { ...report, user_id: undefined });
      }
      const rows = await removeLeftOfErasedSpans(store);
      if (rows > 0) log('info', 'rows of erased calls were sent after the erasure and are removed', { rows });
    });
  }

  /** What fails in one step is no reason to leave out the others. */
  async function attempt(what: string, step: () => Promise<void>): Promise<void> {
    if (stopping.signal.aborted) return;
    try {
      await step();
    } catch (error) {
      if (stopping.signal.aborted) return;
      metrics.failures.inc();
      log('warn', `${what} failed and is tried again`, { error: (error as Error).message });
    }
  }

  async function pass(): Promise<void> {
    await attempt('settling', async () => {
      while (!stopping.signal.aborted && (await settle()));
    });
    await attempt('the audit', audit);
    await upkeep();
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const began = performance.now();
      await pass();
      const took = performance.now() - began;
      // Each pass reads the hours around what is new: where that takes long, fewer and larger ones take less in all.
      const rest = Math.min(took / share_of_time - took, REST_MOST_MS);
      const wait = Math.max(0, interval_ms - took, rest);
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  return {
    start() {
      running ??= loop();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
