/**
 * Secrets planted in prompts, answers and errors: no byte of them on disk, in rows, in Kafka or in a log. What is
 * compressed is read back through the server that wrote it, and markers beside the secrets prove that the search
 * looks at the texts themselves.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { createKafkajsBus } from '../../adapters/kafkajs-bus.ts';
import { startDistributed } from '../support/distributed.ts';
import { type Embedded, startEmbedded } from '../support/embedded.ts';
import { ask, startTestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type Planted, planted } from '../support/planted.ts';
import { found, foundInFiles } from '../support/search.ts';

const TABLES = ['calls', 'payloads', 'scores'];
const STATUSES = [200, 200, 400, 400, 400];

async function send(otlp: string, { requests, secrets }: Planted): Promise<void> {
  const statuses: number[] = [];
  for (const { path, type, body } of requests) {
    const answer = await fetch(otlp + path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: body as Uint8Array<ArrayBuffer> | string,
    });
    statuses.push(answer.status);
    assert.deepEqual(found(Buffer.from(await answer.arrayBuffer()), secrets), []);
  }
  assert.deepEqual(statuses, STATUSES);
}

/** Every row of the record's tables, as text. */
async function rows(url: string, user: { username: string; password: string }, database: string) {
  const answers = await Promise.all(
    TABLES.map((table) => ask(url, user, `SELECT * FROM ${database}.${table} FORMAT JSONEachRow`)),
  );
  for (const { status, text } of answers) assert.equal(status, 200, text);
  return Buffer.from(answers.map(({ text }) => text).join('\n'));
}

function assertClean(stored: Buffer, { secrets, markers }: Planted): void {
  assert.deepEqual(found(stored, markers).sort(), [...markers].sort());
  assert.deepEqual(found(stored, secrets), []);
}

test('the embedded size keeps no planted secret: not in its data directory, not in a row, not in its log', async () => {
  const secrets = planted(1, Date.now());
  let embedded: Embedded | undefined;
  try {
    embedded = await startEmbedded({ PLUMBLINE_LOG_LEVEL: 'debug' });
    await send(embedded.otlp, secrets);
    await embedded.process().end('SIGTERM');
    assert.deepEqual(found(Buffer.from(embedded.process().output()), secrets.secrets), []);
    const { engine } = await startTestEngine({ data_dir: embedded.data_dir });
    try {
      assertClean(await rows(engine.url, engine.writer, engine.database), secrets);
      assert.deepEqual(foundInFiles(embedded.data_dir, secrets.secrets), []);
    } finally {
      await engine.stop();
    }
  } finally {
    await embedded?.stop();
  }
});

/** Everything in the topics, as it was before it was compressed. */
async function messages(brokers: string[], topic: string, markers: readonly string[]): Promise<Buffer> {
  const bus = createKafkajsBus({ brokers, client_id: 'search', log: () => {} });
  const read: Buffer[] = [];
  try {
    await bus.consume({
      group: `${topic}-search`,
      topics: ['', '.payloads', '.scores', '.dead'].map((suffix) => topic + suffix),
      onBatch: async (batch) => {
        for (const { value, headers } of batch) {
          read.push(zstdDecompressSync(value), Buffer.from(JSON.stringify(headers)));
        }
      },
    });
    await eventually(
      () => assert.deepEqual(found(Buffer.concat(read), markers).sort(), [...markers].sort()),
      20_000,
    );
  } finally {
    await bus.close();
  }
  return Buffer.concat(read);
}

test('the distributed size keeps no planted secret: not in Kafka, not in ClickHouse, not in a log', async () => {
  const secrets = planted(2, Date.now());
  const line = await startDistributed({ env: { PLUMBLINE_LOG_LEVEL: 'debug' } });
  try {
    await send(line.collector.url, secrets);
    const { url, writer, database } = line.clickhouse;
    await eventually(async () => assertClean(await rows(url, writer, database), secrets), 10_000);
    assertClean(await messages(line.kafka.brokers, line.topic, secrets.markers), secrets);
    for (const folder of [line.folder, ...line.kafka.folders]) {
      assert.deepEqual(foundInFiles(folder, secrets.secrets), []);
    }
    assert.deepEqual(found(Buffer.from(line.output()), secrets.secrets), []);
  } finally {
    await line.stop();
  }
});
