import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPublisher } from '../../adapters/kafkajs/publisher.ts';
import { PermanentError, type ReceivedMessage, UnavailableError } from '../../schemas/seams.ts';
import { startKafka, type TestKafka } from '../support/kafka.ts';
import { createTestBuses, message, name, topic, until, values } from './kafkajs/buses.ts';

describe('the kafkajs bus', { timeout: 120_000 }, () => {
  let kafka: TestKafka;
  const buses = createTestBuses(() => kafka.brokers);

  before(async () => {
    kafka = await startKafka();
  });
  after(async () => {
    await buses.close();
    await kafka.stop();
  });

  it('creates topics once when two processes ask together', async () => {
    const spec = topic({ partitions: 3 });
    const [one, two] = [buses.create(), buses.create()];
    await Promise.all([one.ensureTopics([spec]), two.ensureTopics([spec]), one.ensureTopics([spec])]);
    await one.ensureTopics([spec, topic()]);
    assert.equal((await two.lag(name('group'), [spec.name])).length, 3);
  });

  it('refuses topics that Kafka will never create', async () => {
    await assert.rejects(buses.create().ensureTopics([topic({ retention_ms: -5 })]), PermanentError);
  });

  it('carries value and headers, over all partitions in rotation', async () => {
    const bus = buses.create();
    const spec = topic({ partitions: 4 });
    await bus.ensureTopics([spec]);
    await bus.ping();
    for (let i = 0; i < 8; i++) {
      await bus.publish(spec.name, {
        value: Buffer.from([i, 0, 255]),
        headers: { rows: String(i), table: 'calls' },
      });
    }
    const got: ReceivedMessage[] = [];
    const consumption = await bus.consume({
      group: name('group'),
      topics: [spec.name],
      onBatch: async (messages) => void got.push(...messages),
    });
    await until(() => got.length >= 8);
    await consumption.stop();
    got.sort((a, b) => a.value[0]! - b.value[0]!);
    assert.deepEqual(
      got.map(({ value, headers }) => [...value, headers]),
      Array.from({ length: 8 }, (_, i) => [i, 0, 255, { rows: String(i), table: 'calls' }]),
    );
    assert.deepEqual(got.map(({ partition }) => partition).sort(), [0, 0, 1, 1, 2, 2, 3, 3]);
    assert.equal(got[0]!.topic, spec.name);
    assert.deepEqual([...new Set(got.map(({ offset }) => offset))].sort(), ['0', '1']);
  });

  it('refuses a message over the topic’s limit for good, and goes on with the next', async () => {
    const bus = buses.create();
    const spec = topic({ max_message_bytes: 10_000 });
    await bus.ensureTopics([spec]);
    await assert.rejects(bus.publish(spec.name, message('x'.repeat(20_000))), PermanentError);
    await bus.publish(spec.name, message('small'));
  });

  it('never takes a partition that does not exist for success', async () => {
    const bus = buses.create();
    const spec = topic({ partitions: 1 });
    await bus.ensureTopics([spec]);
    const publisher = createPublisher({
      brokers: kafka.brokers,
      client_id: 'test',
      log: () => {},
      publish_timeout_ms: 5000,
      max_pending_bytes: 1e6,
      countPartitions: async () => 3,
    });
    await Promise.all(['a', 'b', 'c', 'd'].map((value) => publisher.publish(spec.name, message(value))));
    await publisher.close();
    assert.equal((await bus.lag(name('group'), [spec.name]))[0]!.lag, 4);
    await assert.rejects(publisher.publish(spec.name, message('closed')), UnavailableError);
  });

  it('tells when its consumer cannot go on', async () => {
    const bus = buses.create({ session_timeout_ms: 100 });
    const spec = topic();
    await bus.ensureTopics([spec]);
    const { crashed, stop } = await bus.consume({
      group: name('group'),
      topics: [spec.name],
      onBatch: async () => {},
    });
    await assert.rejects(crashed, { type: 'INVALID_SESSION_TIMEOUT' });
    await stop();
  });

  it('brings rejected messages again, alone among partitions, and continues after the last commit', async () => {
    const bus = buses.create({ retry_max_ms: 600 });
    const spec = topic({ partitions: 2 });
    const group = name('group');
    await bus.ensureTopics([spec]);
    for (let i = 0; i < 4; i++) await bus.publish(spec.name, message(String(i)));

    const tries: string[][] = [];
    const done: string[] = [];
    const first = await bus.consume({
      group,
      topics: [spec.name],
      onBatch: async (messages) => {
        if (messages[0]!.partition === 1 && tries.push(values(messages)) < 3) throw new Error('refused');
        done.push(...values(messages));
      },
    });
    await until(() => done.length >= 4);
    await first.stop();
    assert.equal(tries.length, 3);
    assert.deepEqual(tries[1], tries[0]);
    assert.deepEqual(tries[2], tries[0]);
    assert.deepEqual(done.toSorted(), ['0', '1', '2', '3']);
    assert.deepEqual(done.slice(2), tries[0], 'the other partition did not wait');

    await bus.publish(spec.name, message('new'));
    const later: string[] = [];
    const second = await bus.consume({
      group,
      topics: [spec.name],
      onBatch: async (messages) => void later.push(...values(messages)),
    });
    await until(() => later.length > 0);
    await sleep(300);
    await second.stop();
    assert.deepEqual(later, ['new']);
  });

  it('commits the batch under way when it stops', async () => {
    const bus = buses.create();
    const spec = topic();
    const group = name('group');
    await bus.ensureTopics([spec]);
    await bus.publish(spec.name, message('slow'));
    let began = false;
    const consumption = await bus.consume({
      group,
      topics: [spec.name],
      onBatch: async () => {
        began = true;
        await sleep(1000);
      },
    });
    await until(() => began);
    await consumption.stop();
    assert.deepEqual(await bus.lag(group, [spec.name]), [{ topic: spec.name, partition: 0, lag: 0 }]);
  });

  it('keeps its membership while a batch takes longer than the session timeout', async () => {
    const bus = buses.create({ session_timeout_ms: 1000 });
    const spec = topic();
    const group = name('group');
    await bus.ensureTopics([spec]);
    await bus.publish(spec.name, message('slow'));
    const got: string[] = [];
    const consumption = await bus.consume({
      group,
      topics: [spec.name],
      onBatch: async (messages) => {
        got.push(...values(messages));
        if (got.length === 1) await sleep(2500);
      },
    });
    await until(() => got.length > 0);
    await bus.publish(spec.name, message('next'));
    await until(() => got.length > 1);
    assert.deepEqual(got, ['slow', 'next']);
    await consumption.stop();
  });

  it('counts what a group has not committed, by partition', async () => {
    const bus = buses.create();
    const spec = topic({ partitions: 2 });
    const group = name('group');
    await bus.ensureTopics([spec]);
    for (let i = 0; i < 6; i++) await bus.publish(spec.name, message(String(i)));
    const lags = () => bus.lag(group, [spec.name]).then((rows) => rows.map(({ lag }) => lag));
    assert.deepEqual(await lags(), [3, 3]);
    let taken = 0;
    const consumption = await bus.consume({
      group,
      topics: [spec.name],
      onBatch: async (messages) => {
        if (messages[0]!.partition === 1) throw new Error('refused');
        taken += messages.length;
      },
    });
    await until(() => taken === 3);
    await consumption.stop();
    assert.deepEqual(await lags(), [0, 3]);
  });

  it('shares partitions in a group, and hands them over when one leaves', async () => {
    const spec = topic({ partitions: 4 });
    const group = name('group');
    const bus = buses.create();
    await bus.ensureTopics([spec]);
    const sent = new Set<string>();
    const got = { one: new Set<string>(), two: new Set<string>() };
    const join = (seen: Set<string>) =>
      buses.create({ session_timeout_ms: 2000 }).consume({
        group,
        topics: [spec.name],
        onBatch: async (messages) => {
          await sleep(20);
          for (const value of values(messages)) seen.add(value);
        },
      });
    const send = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const value = String(sent.size);
        await bus.publish(spec.name, message(value));
        sent.add(value);
      }
    };
    const one = await join(got.one);
    await send(8);
    await until(() => got.one.size === 8);
    const two = await join(got.two);
    await until(async () => {
      await send(4);
      return got.two.size > 0;
    });
    await Promise.all([one.stop(), send(20)]);
    await until(() => got.one.union(got.two).size === sent.size);
    await two.stop();
    assert.deepEqual(
      (await bus.lag(group, [spec.name])).map(({ lag }) => lag),
      [0, 0, 0, 0],
    );
  });
});
