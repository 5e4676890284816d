/** What /v1/status says of the log: what ingest reported, and nothing where it has not. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readLag } from '../../query-api/lag.ts';
import { type Harness, startHarness } from './support/harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

const read = () => readLag(harness.reader, 'plumbline');
const report = (topic: string, partition: number, messages: number, seconds_ago: number) =>
  harness.writer.command(
    `INSERT INTO plumbline.ingest_lag (topic, partition, messages, reported_at)
     VALUES ('${topic}', ${partition}, ${messages}, now64(3) - INTERVAL ${seconds_ago} SECOND)`,
  );

test('lag is not known before the first report, nor long after the last, and then of the last report alone', async () => {
  assert.equal(await read(), null);
  await report('calls', 0, 7, 300);
  await report('calls', 1, 2, 300);
  assert.equal(await read(), null, 'what was so five minutes ago says nothing');
  await report('calls', 0, 5, 20);
  await report('scores', 0, 0, 20);
  const lag = (await read())!;
  assert.deepEqual(
    [lag.messages, lag.partitions],
    [
      5,
      [
        { topic: 'calls', partition: 0, messages: 5 },
        { topic: 'scores', partition: 0, messages: 0 },
      ],
    ],
  );
  assert.ok(lag.age_s >= 20 && lag.age_s < 60, String(lag.age_s));
});
