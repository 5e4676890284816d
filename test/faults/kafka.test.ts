/** Kafka away under load: 503 within two seconds and when to come again, and nothing that was acknowledged is lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Distributed, startDistributed } from '../support/distributed.ts';
import { eventually } from '../support/eventually.ts';
import type { KnownCall } from '../support/known-calls.ts';
import { abandonLoads, type Load, startLoad } from '../support/load.ts';
import { assertNumbers, numbersBecome } from '../support/numbers.ts';

const SEED = Number(process.env.PLUMBLINE_TEST_SEED ?? 1);
const REFUSED_MS = 2_000;
/** Two processes that start on two busy cores make some answers late: that is the machine's share. */
const PUNCTUAL_SHARE = 0.9;
const LATEST_MS = 2 * REFUSED_MS;
const AWAY_MS = 5_000;
/** Ingest reconnects, and joins its group again, by its own clocks. */
const BACK_MS = 40_000;

let line: Distributed;
const all: KnownCall[] = [];
before(async () => {
  line = await startDistributed({ faults: true });
});
after(async () => {
  await abandonLoads();
  await line?.stop();
});

const load = (seed: number) => startLoad({ url: line.collector.url, seed: SEED * 100 + seed, workers: 8 });

function assertPunctual({ refusals }: Load): void {
  const took = refusals.map(({ took_ms }) => took_ms).sort((a, b) => a - b);
  const typical_ms = took[Math.floor((took.length - 1) * PUNCTUAL_SHARE)]!;
  assert.ok(typical_ms < REFUSED_MS, `refused after ${typical_ms} ms`);
  assert.ok(took.at(-1)! < LATEST_MS, `refused after ${took.at(-1)} ms`);
  for (const { retry_after } of refusals) assert.match(String(retry_after), /^[1-5]$/);
}

/** Waits while Kafka is away, and holds every refusal against the contract. */
async function isRefused(traffic: Load): Promise<void> {
  // Requests on their way when Kafka went may still have been taken in.
  await sleep(500);
  const acknowledged = traffic.acknowledged().length;
  await sleep(AWAY_MS);
  assert.equal(traffic.acknowledged().length, acknowledged, 'calls were acknowledged that Kafka cannot hold');
  assert.ok(traffic.refusals.length > 0);
  assertPunctual(traffic);
  const [health, readiness] = await Promise.all(
    ['/healthz', '/readyz'].map((path) => fetch(line.collector.url + path)),
  );
  assert.deepEqual([health!.status, readiness!.status], [200, 503]);
}

async function comesBack(traffic: Load): Promise<void> {
  await traffic.goesOn();
  await traffic.finish();
  all.push(...traffic.sent);
  await numbersBecome({ url: line.api.url }, all, BACK_MS);
}

test('a Kafka that stands still: 503 in time, and all is right once it moves', async () => {
  const traffic = load(1);
  await traffic.goesOn();
  line.kafka.pause(0);
  try {
    await isRefused(traffic);
  } finally {
    line.kafka.resume(0);
  }
  await comesBack(traffic);
});

test('a Kafka that is killed: 503 in time, also from a collector started meanwhile, and all is right once it is back', async () => {
  const traffic = load(2);
  await traffic.goesOn();
  await line.kafka.kill(0);
  await isRefused(traffic);
  await line.collector.process().end('SIGTERM');
  const refused = traffic.refusals.length;
  const starting = line.collector.start();
  starting.catch(() => {});
  await eventually(() => assert.ok(traffic.refusals.length > refused), 10_000);
  await line.kafka.start(0);
  await starting;
  await comesBack(traffic);
  assertPunctual(traffic);
});

test('SIGTERM while Kafka is away ends collector and ingest with 0 and in time, and nothing acknowledged is lost', async () => {
  const traffic = load(3);
  await traffic.goesOn();
  line.kafka.pause(0);
  try {
    await sleep(1_000);
    for (const part of [line.collector, line.ingest]) {
      const exit = await part.process().end('SIGTERM');
      assert.deepEqual([exit.code, exit.signal], [0, null], part.process().output().slice(-2_000));
      assert.ok(exit.took_ms < 20_000, `${exit.took_ms} ms`);
    }
  } finally {
    line.kafka.resume(0);
  }
  await Promise.all([line.collector.start(), line.ingest.start()]);
  await comesBack(traffic);
  await assertNumbers({ url: line.api.url }, all);
});
