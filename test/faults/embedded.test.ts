/** The embedded size under load, killed and stopped in every way: what was acknowledged is there, once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../query-api/support/random.ts';
import { type Embedded, startEmbedded } from '../support/embedded.ts';
import { eventually } from '../support/eventually.ts';
import { type KnownCall, knownCalls, otlpBody } from '../support/known-calls.ts';
import { abandonLoads, startLoad } from '../support/load.ts';
import { assertNumbers, numbersBecome } from '../support/numbers.ts';
import { isRunning } from '../support/processes.ts';

/** More rounds for long runs. */
const ROUNDS = Number(process.env.PLUMBLINE_TEST_KILL_ROUNDS ?? 5);
const SEED = Number(process.env.PLUMBLINE_TEST_SEED ?? 1);
const STOP_MS = 20_000;

let embedded: Embedded;
/** Every call that any test sent: none may be lost later either. */
const all: KnownCall[] = [];
before(async () => {
  embedded = await startEmbedded();
});
after(async () => {
  await abandonLoads();
  await embedded?.stop();
});

const api = () => ({ url: embedded.api });
const load = (seed: number) => startLoad({ url: embedded.otlp, seed: SEED * 100 + seed });

test(`killed ${ROUNDS} times under load, it leaves no engine behind and loses and repeats no call`, async () => {
  const random = createRandom(SEED);
  const traffic = load(1);
  for (let round = 1; round <= ROUNDS; round++) {
    await traffic.goesOn();
    await sleep(random.integer(600));
    const engine = embedded.enginePid();
    const exit = await embedded.process().end('SIGKILL');
    assert.equal(exit.signal, 'SIGKILL');
    await eventually(
      () => assert.ok(!isRunning(engine), `round ${round}: engine ${engine} still runs`),
      5_000,
    );
    await embedded.start();
  }
  await traffic.goesOn();
  await traffic.finish();
  all.push(...traffic.sent);
  await numbersBecome(api(), all);
});

test('an engine that is killed under load comes back, and senders notice no more than a retry', async () => {
  const traffic = load(2);
  await traffic.goesOn();
  const { pid } = embedded.process();
  const engine = embedded.enginePid();
  process.kill(engine, 'SIGKILL');
  await traffic.goesOn();
  assert.notEqual(embedded.enginePid(), engine);
  assert.equal(embedded.process().pid, pid);
  await traffic.finish();
  all.push(...traffic.sent);
  await numbersBecome(api(), all);
});

test('SIGTERM under load ends it with 0 and in time, and all it acknowledged is there after the next start', async () => {
  const traffic = load(3);
  await traffic.goesOn();
  const exit = await embedded.process().end('SIGTERM');
  assert.deepEqual([exit.code, exit.signal], [0, null], embedded.process().output());
  assert.ok(exit.took_ms < STOP_MS, `${exit.took_ms} ms`);
  await embedded.start();
  await traffic.finish();
  all.push(...traffic.sent);
  await numbersBecome(api(), all);
});

test('a body that is sent three times, and again after a restart, counts once', async () => {
  const calls = knownCalls(createRandom(SEED + 7), {
    count: 50,
    before_ms: Date.now(),
    conversation_id: 'thrice',
  });
  const send = async (form: number): Promise<void> => {
    const { headers, body } = otlpBody(calls, form);
    const answer = await fetch(`${embedded.otlp}/v1/traces`, {
      method: 'POST',
      headers,
      body: body as Uint8Array<ArrayBuffer>,
    });
    assert.equal(answer.status, 200);
  };
  all.push(...calls);
  await send(0);
  await numbersBecome(api(), all);
  for (const form of [1, 2]) {
    await send(form);
    await assertNumbers(api(), all);
  }
  await embedded.process().end('SIGTERM');
  await embedded.start();
  await send(3);
  await assertNumbers(api(), all);
});
