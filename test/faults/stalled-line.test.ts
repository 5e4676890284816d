/** The line stalls behind the collector: the query API says so, and takes it back when the line moves again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Distributed, startDistributed } from '../support/distributed.ts';
import { eventually } from '../support/eventually.ts';
import { ready } from '../support/processes.ts';

let line: Distributed;
before(async () => {
  line = await startDistributed({ env: { PLUMBLINE_HEARTBEAT_S: '1', PLUMBLINE_STALL_S: '4' } });
});
after(() => line?.stop());

interface Status {
  heartbeat: { age_s: number } | null;
  lag: { messages: number; partitions: { topic: string }[] } | null;
}

const statusOf = async (): Promise<Status> =>
  (await (await fetch(`${line.api.url}/v1/status`)).json()) as Status;

async function ageOf(): Promise<number> {
  const { heartbeat } = await statusOf();
  assert.ok(heartbeat);
  return heartbeat.age_s;
}

test('without ingest the newest heartbeat grows old and the query API is not ready; with it again it is', async () => {
  await eventually(async () => assert.ok((await ageOf()) < 4), 20_000);
  await ready(line.api.url);
  const { lag } = await statusOf();
  assert.ok(lag && lag.messages < 10, 'what waits in Kafka is known');
  assert.ok(lag.partitions.some(({ topic }) => topic === line.topic));
  await line.ingest.process().end('SIGTERM');
  await eventually(async () => {
    const reply = await fetch(`${line.api.url}/readyz`);
    const { reason } = (await reply.json()) as { reason: string };
    assert.equal(reply.status, 503);
    assert.match(reason, /newest heartbeat .* is \d+ s old, more than PLUMBLINE_STALL_S/);
  }, 20_000);
  assert.ok((await ageOf()) > 4);
  const metrics = await (await fetch(`${line.api.url}/metrics`)).text();
  assert.ok(Number(/^plumbline_heartbeat_age_seconds (\S+)$/m.exec(metrics)?.[1]) > 4);
  assert.equal(
    (await fetch(`${line.api.url}/v1/latency`)).status,
    200,
    'what is there is answered all the same',
  );
  assert.equal((await fetch(`${line.collector.url}/readyz`)).status, 200, 'the collector goes on taking in');

  await line.ingest.start();
  await ready(line.api.url);
  assert.ok((await ageOf()) <= 4);
});
