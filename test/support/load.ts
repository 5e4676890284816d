/** Load that keeps a ledger: every call sent, every call acknowledged with 200, every refusal. Retries as exporters do. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../query-api/support/random.ts';
import { eventually } from './eventually.ts';
import { type KnownCall, knownCalls, otlpBody } from './known-calls.ts';

export interface LoadOptions {
  /** Base URL of the collector. */
  url: string;
  seed: number;
  /** Requests under way at once (default 4). */
  workers?: number;
  /** Most calls in a request (default 40). */
  calls_max?: number;
  /** Pause of a worker between two requests (default 10). */
  pause_ms?: number;
  headers?: Record<string, string>;
}

export interface Refusal {
  status: number;
  took_ms: number;
  retry_after: string | null;
}

export interface Load {
  sent: readonly KnownCall[];
  /** Of the calls sent, those whose request was answered with 200. */
  acknowledged(): readonly KnownCall[];
  refusals: readonly Refusal[];
  /** Waits until `calls` more are acknowledged. */
  goesOn(calls?: number, timeout_ms?: number): Promise<void>;
  /** Begins no more requests and gives up those that wait to be sent again. */
  abandon(): Promise<void>;
  /** Begins no more requests, and sends those under way until each is acknowledged. */
  finish(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;
const RETRY_MS = 200;
const FINISH_TIMEOUT_MS = 60_000;
/** So few that an answer of the API lists those of several loads, and each can be held against the ledger. */
const CONVERSATIONS = 80;

const loads = new Set<Load>();

/** Gives up whatever still runs, for the end of tests: a load whose test failed would go on for ever. */
export async function abandonLoads(): Promise<void> {
  await Promise.allSettled(Array.from(loads, (load) => load.abandon()));
}

export function startLoad(options: LoadOptions): Load {
  const { url, workers = 4, calls_max = 40, pause_ms = 10 } = options;
  const sent: KnownCall[] = [];
  const acknowledged: KnownCall[] = [];
  const refusals: Refusal[] = [];
  const faults: string[] = [];
  let requests = 0;
  let going = true;
  let abandoned = false;

  /** True when answered with 200. A connection that breaks is as good as a refusal: the sender cannot know. */
  const attempt = async (body: ReturnType<typeof otlpBody>): Promise<boolean> => {
    const began = performance.now();
    const answer = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { ...body.headers, ...options.headers },
      body: body.body as Uint8Array<ArrayBuffer>,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    }).catch(() => undefined);
    if (answer === undefined) return false;
    const text = await answer.text().catch(() => undefined);
    if (text === undefined) return false;
    if (answer.status === 503) {
      const took_ms = performance.now() - began;
      refusals.push({ status: 503, took_ms, retry_after: answer.headers.get('retry-after') });
      return false;
    }
    if (answer.status !== 200 || (text !== '' && text !== '{}')) faults.push(`${answer.status} ${text}`);
    return true;
  };

  const work = async (worker: number): Promise<void> => {
    const random = createRandom(options.seed * 1_000 + worker);
    while (going) {
      const number = requests++;
      const calls = knownCalls(random, {
        count: 1 + random.integer(calls_max),
        before_ms: Date.now() - 60_000,
        conversation_id: `load-${options.seed}-${number % CONVERSATIONS}`,
      });
      const body = otlpBody(calls, number);
      sent.push(...calls);
      while (!(await attempt(body))) {
        if (abandoned) return;
        await sleep(RETRY_MS);
      }
      acknowledged.push(...calls);
      await sleep(pause_ms);
    }
  };
  const working = Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));

  const load: Load = {
    sent,
    acknowledged: () => acknowledged,
    refusals,
    async goesOn(calls = 100, timeout_ms = 30_000) {
      const wanted = acknowledged.length + calls;
      await eventually(
        () => assert.ok(acknowledged.length >= wanted, `${acknowledged.length} of ${wanted} acknowledged`),
        timeout_ms,
      );
    },
    async abandon() {
      going = false;
      abandoned = true;
      await working;
      assert.deepEqual(faults, []);
    },
    async finish() {
      going = false;
      const late = AbortSignal.timeout(FINISH_TIMEOUT_MS);
      late.addEventListener('abort', () => {
        abandoned = true;
      });
      await working;
      assert.deepEqual(faults, []);
      assert.equal(acknowledged.length, sent.length, 'calls that were sent were never acknowledged');
    },
  };
  loads.add(load);
  return load;
}
