import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { UnavailableError } from '../../../schemas/seams.ts';
import { startKafka, type TestKafka } from '../../support/kafka.ts';
import { createTestBuses, message, name, topic, until, values } from './buses.ts';
import { rejectsSoon, startLedger } from './ledger.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

describe('the kafkajs bus when its only broker fails', { timeout: 120_000 }, () => {
  let kafka: TestKafka;
  const buses = createTestBuses(() => kafka.brokers);

  before(async () => {
    kafka = await startKafka({ faults: true });
  });
  after(async () => {
    await buses.close();
    await kafka.stop();
  });

  it('holds bounded memory while the broker is mute and callers keep trying', async () => {
    const max_pending_bytes = 4 * 2 ** 20;
    const bus = buses.create({ max_pending_bytes, publish_timeout_ms: 400 });
    const spec = topic({ max_message_bytes: 2 ** 21 });
    await bus.ensureTopics([spec]);
    const large = { value: Buffer.alloc(2 ** 20, 'x'), headers: {} };
    await bus.publish(spec.name, large);
    kafka.pause(0);
    let mute = true;
    const callers = Array.from({ length: 10 }, async () => {
      while (mute) {
        await rejectsSoon(bus.publish(spec.name, large));
        await sleep(20);
      }
    });
    const held_bytes: number[] = [];
    for (let i = 0; i < 15; i++) {
      await sleep(200);
      collectGarbage();
      held_bytes.push(process.memoryUsage().arrayBuffers);
    }
    mute = false;
    await Promise.all(callers);
    kafka.resume(0);
    // The least of the last second: encoding has its peaks, what is never freed has not.
    const held = Math.min(...held_bytes.slice(-5));
    assert.ok(held < 2 * max_pending_bytes, `held ${held} bytes`);
    await until(() =>
      bus.publish(spec.name, message('after')).then(
        () => true,
        () => false,
      ),
    );
  });

  it('loses no acknowledged message through a pause and a kill, and its consumer goes on', async () => {
    const bus = buses.create({ session_timeout_ms: 3000 });
    const spec = topic({ partitions: 3 });
    await bus.ensureTopics([spec]);
    const ledger = startLedger(bus, spec.name);
    const got = new Set<string>();
    const consumption = await bus.consume({
      group: name('group'),
      topics: [spec.name],
      onBatch: async (messages) => {
        for (const value of values(messages)) got.add(value);
      },
    });
    await until(() => got.size > 20);
    kafka.pause(0);
    await rejectsSoon(bus.publish(spec.name, message('mute')));
    kafka.resume(0);
    await ledger.acknowledgesAgain();

    await kafka.kill(0);
    await rejectsSoon(bus.publish(spec.name, message('gone')));
    const late = buses.create();
    const late_spec = topic();
    const late_got: string[] = [];
    const late_consumption = await late.consume({
      group: name('group'),
      topics: [late_spec.name],
      onBatch: async (messages) => void late_got.push(...values(messages)),
    });
    await rejectsSoon(late.publish(late_spec.name, message('early')));
    await assert.rejects(late.ping(), UnavailableError);
    const ensured = late.ensureTopics([late_spec]);

    await kafka.start(0);
    await ledger.acknowledgesAgain();
    await ledger.stop();
    await until(() => ledger.acknowledged.isSubsetOf(got));
    await ensured;
    await late.ping();
    await late.publish(late_spec.name, message('late'));
    await until(() => late_got.includes('late'));
    await Promise.all([consumption.stop(), late_consumption.stop()]);
  });
});

describe('the kafkajs bus over three brokers', { timeout: 120_000 }, () => {
  let kafka: TestKafka;
  const buses = createTestBuses(() => kafka.brokers);

  before(async () => {
    kafka = await startKafka({ brokers: 3, faults: true });
  });
  after(async () => {
    await buses.close();
    await kafka.stop();
  });

  it('goes on when one of them is mute or killed, and loses no acknowledged message', async () => {
    const bus = buses.create({ session_timeout_ms: 3000 });
    const spec = topic({ partitions: 6 });
    await bus.ensureTopics([spec]);
    const ledger = startLedger(bus, spec.name);
    const got = new Set<string>();
    const consumption = await bus.consume({
      group: name('group'),
      topics: [spec.name],
      onBatch: async (messages) => {
        for (const value of values(messages)) got.add(value);
      },
    });
    await until(() => got.size > 50);
    kafka.pause(1);
    await sleep(500);
    await ledger.acknowledgesAgain();
    kafka.resume(1);
    await kafka.kill(2);
    await ledger.acknowledgesAgain();
    await ledger.stop();
    await until(() => ledger.acknowledged.isSubsetOf(got));
    await consumption.stop();
  });
});
