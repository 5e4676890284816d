/** Ingest and ClickHouse held back, stopped and killed under load: the collector goes on, and every number is right. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClickhouseWarehouse } from '../../adapters/clickhouse-warehouse.ts';
import { createRandom } from '../query-api/support/random.ts';
import { startTestCollector } from '../support/collector.ts';
import { type Distributed, startDistributed } from '../support/distributed.ts';
import { type KnownCall, knownCalls, otlpBody } from '../support/known-calls.ts';
import { abandonLoads, type Load, startLoad } from '../support/load.ts';
import { assertNumbers, numbersBecome } from '../support/numbers.ts';

/** More rounds for long runs; each costs the session of the killed consumer. */
const ROUNDS = Number(process.env.PLUMBLINE_TEST_KILL_ROUNDS ?? 1);
const REPLAYS = Math.max(3, ROUNDS);
const SEED = Number(process.env.PLUMBLINE_TEST_SEED ?? 1);
const DAY_MS = 86_400_000;
/** Kafka gives the partitions of a killed consumer away when its session is over. */
const SESSION_MS = 30_000;
/**
 * Well under the 30 s after which the server's supervisor takes it for hung and kills it, which is another fault
 * (below), and long enough for ingest to run into its timeouts and back off.
 */
const STOPPED_MS = 10_000;

let line: Distributed;
const all: KnownCall[] = [];
before(async () => {
  line = await startDistributed({ ingest: false });
});
after(async () => {
  await abandonLoads();
  await line?.stop();
});

const api = () => ({ url: line.api.url });
const load = (seed: number) => startLoad({ url: line.collector.url, seed: SEED * 100 + seed });

async function finish(traffic: Load, timeout_ms?: number): Promise<void> {
  await traffic.finish();
  all.push(...traffic.sent);
  await numbersBecome(api(), all, timeout_ms);
}

test('what comes in while there is no ingest is stored once there is one', async () => {
  const traffic = load(1);
  await traffic.goesOn(1_000);
  assert.deepEqual(traffic.refusals, []);
  await line.ingest.start();
  await traffic.goesOn();
  await finish(traffic);
});

test('an ingest that stands still for a while goes on where it was', async () => {
  const traffic = load(2);
  await traffic.goesOn();
  line.ingest.process().signal('SIGSTOP');
  await traffic.goesOn(500);
  await sleep(3_000);
  line.ingest.process().signal('SIGCONT');
  await traffic.goesOn();
  assert.deepEqual(traffic.refusals, []);
  await finish(traffic);
});

test('an ingest killed under load goes on from what it had committed, and loses and repeats nothing', async () => {
  const random = createRandom(SEED);
  const traffic = load(3);
  for (let round = 0; round < ROUNDS; round++) {
    await traffic.goesOn();
    await sleep(random.integer(1_200));
    await line.ingest.process().end('SIGKILL');
    await line.ingest.start();
  }
  assert.deepEqual(traffic.refusals, []);
  await finish(traffic, SESSION_MS * (ROUNDS + 1));
});

test(`an ingest that begins the whole topic anew, killed ${REPLAYS} times on the way, repeats nothing`, async () => {
  const random = createRandom(SEED + 1);
  const traffic = load(4);
  for (let replay = 1; replay <= REPLAYS; replay++) {
    await line.ingest.process().end('SIGKILL');
    // A group of its own has committed nothing, and waits for no dead member.
    await line.ingest.start({ KAFKA_GROUP: `replay-${replay}-${process.pid}` });
    await sleep(500 + random.integer(1_500));
  }
  await finish(traffic);
});

test('a ClickHouse that stands still is not felt by senders, and ingest catches up', async () => {
  const traffic = load(5);
  await traffic.goesOn();
  const server = line.clickhouse.pid();
  process.kill(server, 'SIGSTOP');
  try {
    await sleep(STOPPED_MS);
    await traffic.goesOn();
  } finally {
    process.kill(server, 'SIGCONT');
  }
  assert.deepEqual(traffic.refusals, []);
  await finish(traffic, 30_000);
});

test('a ClickHouse that is killed under load comes back with all that was committed, and ingest with the rest', async () => {
  const traffic = load(6);
  await traffic.goesOn();
  process.kill(line.clickhouse.pid(), 'SIGKILL');
  await traffic.goesOn(500);
  assert.deepEqual(traffic.refusals, []);
  await finish(traffic, 30_000);
});

test('SIGTERM under load ends collector and ingest with 0 and in time, and nothing acknowledged is lost', async () => {
  const traffic = load(7);
  for (const part of [line.collector, line.ingest]) {
    await traffic.goesOn();
    const exit = await part.process().end('SIGTERM');
    assert.deepEqual([exit.code, exit.signal], [0, null], part.process().output());
    assert.ok(exit.took_ms < 20_000, `${exit.took_ms} ms`);
    await part.start();
  }
  await traffic.goesOn();
  await finish(traffic, SESSION_MS);
});

test('a body sent three times, and once more a day later by the collector’s clock, counts once', async () => {
  const calls = knownCalls(createRandom(SEED + 7), {
    count: 50,
    before_ms: Date.now(),
    conversation_id: 'thrice',
  });
  all.push(...calls);
  for (const form of [0, 1, 2]) {
    const { headers, body } = otlpBody(calls, form);
    const answer = await fetch(`${line.collector.url}/v1/traces`, {
      method: 'POST',
      headers,
      body: body as Uint8Array<ArrayBuffer>,
    });
    assert.equal(answer.status, 200);
  }
  await numbersBecome(api(), all);

  const { url, writer, database } = line.clickhouse;
  const warehouse = createClickhouseWarehouse({ url, ...writer, database });
  const tomorrow = startTestCollector((block) => warehouse.insert(block), {
    now_ms: () => Date.now() + DAY_MS,
  });
  const { headers, body } = otlpBody(calls, 3);
  const reply = await tomorrow.app.inject({
    method: 'POST',
    url: '/v1/traces',
    headers,
    payload: Buffer.from(body),
  });
  assert.equal(reply.statusCode, 200);
  await assertNumbers(api(), all);
  await tomorrow.stop();
  await warehouse.close();
});
