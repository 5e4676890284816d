import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startLagReports } from '../../ingest/lag-reports.ts';
import { readLag } from '../../query-api/lag.ts';
import { messageOf, topicNames } from '../../schemas/block-headers.ts';
import { BlockBuilder } from '../../schemas/native/block-builder.ts';
import { payloads } from '../../schemas/record/payloads.ts';
import { scores } from '../../schemas/record/scores.ts';
import { makePayload, makeScore } from '../support/rows.ts';
import { connectWarehouse, makeBlock, type Pipeline, startPipeline, until } from './pipeline.ts';
import { poisons } from './poison.ts';

describe('ingest, from a real Kafka into a real ClickHouse', { timeout: 180_000 }, () => {
  let pipeline: Pipeline;
  before(async () => {
    pipeline = await startPipeline();
  });
  after(() => pipeline.stop());

  /** All published messages are done with, and this many calls of the project are counted. */
  const settled = async (topic: string, project: string, calls: number) => {
    await until(`${calls} calls`, async () => (await pipeline.count(project)).calls >= calls);
    await until('every message committed', async () => (await pipeline.lag(topic)) === 0);
    assert.equal((await pipeline.count(project)).calls, calls);
  };

  it('stores blocks of every table, and counts each call once however often its block comes', async () => {
    const topic = await pipeline.createTopics();
    const ingest = await pipeline.startIngest(topic);
    const blocks = await Promise.all([10, 20, 30].map((rows) => makeBlock(rows, { project: 'stored' })));
    const payload = new BlockBuilder(payloads);
    payload.append(makePayload({ project: 'stored' }));
    const score = new BlockBuilder(scores);
    score.append(makeScore({ project: 'stored' }));
    blocks.push(await payload.finish(), await score.finish());

    for (const block of [...blocks, ...blocks]) await pipeline.publish(topic, block);
    await until('ten messages stored', () => ingest.status().stored.messages === 10);
    await settled(topic, 'stored', 60);
    assert.equal((await pipeline.count('stored')).cost_usd.toFixed(9), (60 * 0.0005).toFixed(9));
    for (const table of ['payloads', 'scores']) {
      const { rows } = await pipeline.warehouse.query<{ n: number }>(
        `SELECT count() AS n FROM ${pipeline.engine.database}.${table} FINAL WHERE project = 'stored'`,
      );
      assert.equal(Number(rows[0]!.n), 1, table);
    }
    assert.equal(ingest.status().stored.rows, 124);
    assert.equal(ingest.status().dead_letters, 0);
    await ingest.ready();
    await ingest.stop();
  });

  it('dead-letters exactly the messages that can never be stored, and stores the good ones among them', async () => {
    const topic = await pipeline.createTopics();
    const bad = poisons(await makeBlock(100, { project: 'never' }));
    const names = topicNames(topic);
    for (const { body, what } of bad) {
      await pipeline.publish(topic, await makeBlock(5, { project: 'good' }));
      const { headers } = messageOf({ ...(await makeBlock(1, {})), rows: 100, body });
      await pipeline.bus.publish(names.calls, { value: body, headers: { ...headers, what } });
    }
    await pipeline.bus.publish(names.calls, { value: Buffer.from('?'), headers: { what: 'no headers' } });
    const ingest = await pipeline.startIngest(topic);

    await settled(topic, 'good', bad.length * 5);
    const letters = await pipeline.deadLetters(topic, bad.length + 1);
    assert.equal(ingest.status().dead_letters, bad.length + 1);
    const told = new Map(letters.map(({ headers }) => [headers.what, headers]));
    assert.deepEqual(
      bad.map(({ what }) => [what, told.get(what)?.reason, told.get(what)?.code]),
      bad.map(({ what, reason, code }) => [what, reason, code]),
    );
    for (const { what, body } of bad) {
      const letter = letters.find(({ headers }) => headers.what === what)!;
      assert.deepEqual(letter.value, body);
      assert.equal(letter.headers.source_topic, topic);
      assert.match(letter.headers.source_partition!, /^[01]$/);
      assert.match(letter.headers.source_offset!, /^\d+$/);
      assert.ok(Math.abs(Date.parse(letter.headers.dead_at!) - Date.now()) < 60_000);
      assert.equal(letter.headers.rows, '100');
    }
    assert.equal(told.get('no headers')?.reason, 'headers');
    assert.match(told.get('no headers')?.error ?? '', /header 'table' is missing/);
    assert.equal((await pipeline.count('never')).rows, 0);
    const metrics = await ingest.registry.metrics();
    assert.match(metrics, /plumbline_ingest_dead_letters_total\{reason="refused"\} 1\n/);
    assert.match(metrics, /plumbline_ingest_dead_letters_total\{reason="headers"\} 1\n/);
    await ingest.stop();
  });

  it('waits while the database does not answer, dead-letters nothing, and then stores everything', async () => {
    const topic = await pipeline.createTopics();
    const warehouse = connectWarehouse(pipeline.places, 500);
    const ingest = await pipeline.startIngest(topic, { warehouse });
    await pipeline.publish(topic, await makeBlock(5, { project: 'outage' }));
    await settled(topic, 'outage', 5);

    const pid = pipeline.engine.pid()!;
    process.kill(pid, 'SIGSTOP');
    try {
      for (let i = 0; i < 20; i++) {
        await pipeline.publish(topic, await makeBlock(5, { project: 'outage' }));
        await sleep(100);
      }
      await until('several failures', () => ingest.status().retrying.some(({ failures }) => failures >= 3));
      await assert.rejects(ingest.ready());
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await settled(topic, 'outage', 105);
    assert.equal(ingest.status().dead_letters, 0);
    assert.deepEqual(ingest.status().retrying, []);
    const failures = ingest.lines.filter(({ message }) => message.startsWith('an insert failed'));
    assert.ok(failures.length > 0 && failures.length < 10, `${failures.length} lines`);
    await ingest.ready();
    await ingest.stop();
    await warehouse.close();
  });

  it('counts nothing twice when it is killed between insert and commit', async () => {
    const topic = await pipeline.createTopics();
    for (let i = 0; i < 4; i++) await pipeline.publish(topic, await makeBlock(10, { project: 'killed' }));
    const script = fileURLToPath(new URL('./killed-after-insert.ts', import.meta.url));
    const argument = JSON.stringify({ places: pipeline.places, topic });
    const child = spawn(process.execPath, [script, argument], { stdio: 'inherit', timeout: 30_000 });
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
    const before = await pipeline.count('killed');
    assert.ok(before.calls > 0, 'something was stored');
    assert.equal(await pipeline.lag(topic), 4, 'nothing was committed');

    const ingest = await pipeline.startIngest(topic);
    await until('all four again', () => ingest.status().stored.messages === 4);
    await settled(topic, 'killed', 40);
    await ingest.stop();
  });

  it('changes no number when the whole topic is read again from its beginning', async () => {
    const topic = await pipeline.createTopics();
    for (let i = 0; i < 6; i++) await pipeline.publish(topic, await makeBlock(10, { project: 'replay' }));
    const first = await pipeline.startIngest(topic);
    await settled(topic, 'replay', 60);
    await first.stop();
    const before = await pipeline.count('replay');

    const second = await pipeline.startIngest(topic, { group: `${topic}-again` });
    await until('all six again', () => second.status().stored.messages === 6);
    const now = await pipeline.count('replay');
    assert.deepEqual([now.calls, now.cost_usd], [before.calls, before.cost_usd]);
    await second.stop();
  });

  it('does not consume a newer record version, says so, and goes on with other partitions', async () => {
    const topic = await pipeline.createTopics();
    const ingest = await pipeline.startIngest(topic);
    const newer = { ...(await makeBlock(3, { project: 'newer' })), record_version: 999 };
    await pipeline.publish(topic, newer);
    await until('the partition held', () => ingest.status().too_new.length > 0);
    for (let i = 0; i < 4; i++) await pipeline.publish(topic, await makeBlock(1, { project: 'newer' }));
    await until('two of four stored', async () => (await pipeline.count('newer')).calls === 2);
    await sleep(1_500);

    assert.equal((await pipeline.count('newer')).calls, 2);
    assert.equal(await pipeline.lag(topic), 3, 'the newer message and what lies behind it');
    assert.equal(ingest.status().dead_letters, 0);
    await assert.rejects(ingest.ready(), /record version 999.*upgrade ingest/);
    const lines = ingest.lines.filter(
      ({ level, message }) => level === 'error' && /upgrade ingest/.test(message),
    );
    assert.equal(lines.length, 1);
    await ingest.stop();
  });

  it('stops in time while the database is away, and leaves the messages for the next', async () => {
    const topic = await pipeline.createTopics();
    const warehouse = {
      ...pipeline.warehouse,
      insert: () => Promise.withResolvers<void>().promise,
    };
    const first = await pipeline.startIngest(topic, { warehouse, limits: { stop_timeout_ms: 1_000 } });
    await pipeline.publish(topic, await makeBlock(7, { project: 'left' }));
    await sleep(500);
    const began = Date.now();
    await first.stop();
    assert.ok(Date.now() - began < 4_000, `${Date.now() - began} ms`);
    assert.equal(first.status().state, 'stopped');

    const second = await pipeline.startIngest(topic);
    await settled(topic, 'left', 7);
    await second.stop();
  });

  it('reports lag, what it stored and how long ago it committed', async () => {
    const topic = await pipeline.createTopics();
    const ingest = await pipeline.startIngest(topic);
    await pipeline.publish(topic, await makeBlock(3, { project: 'metrics' }));
    await settled(topic, 'metrics', 3);
    const metrics = await ingest.registry.metrics();
    for (const line of [
      `plumbline_ingest_lag_messages{topic="${topic}",partition="0"} 0`,
      `plumbline_ingest_lag_messages{topic="${topic}.payloads",partition="1"} 0`,
      'plumbline_ingest_messages_total{table="calls"} 1',
      'plumbline_ingest_rows_total{table="calls"} 3',
      'plumbline_ingest_inserts_total{table="calls"} 1',
      'plumbline_ingest_insert_seconds_count{table="calls"} 1',
    ]) {
      assert.ok(metrics.includes(`${line}\n`), line);
    }
    const age = Number(/last_commit_age_seconds ([\d.]+)/.exec(metrics)?.[1]);
    assert.ok(age < 5, `${age} s`);
    await ingest.stop();
  });

  it('says in the database what waits, for those who do not know the log', async () => {
    const topic = await pipeline.createTopics();
    for (const _ of [1, 2, 3]) await pipeline.publish(topic, await makeBlock(2, { project: 'waiting' }));
    const { bus, warehouse, engine } = pipeline;
    const { calls, payloads, scores } = topicNames(topic);
    const topics = [calls, payloads, scores];
    const reports = startLagReports({
      bus,
      warehouse,
      group: topic,
      topics,
      log: () => {},
      interval_ms: 100,
    });
    const waiting = async () => (await readLag(warehouse, engine.database))?.messages;
    await until('three messages are told of', async () => (await waiting()) === 3);
    const ingest = await pipeline.startIngest(topic);
    await until('none is left, and that is told', async () => (await waiting()) === 0);
    reports.stop();
    await ingest.stop();
  });
});
