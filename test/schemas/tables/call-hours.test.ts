/** The table of hours holds what lookups need, from inserts and from what was stored before it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCallHours, lookupId } from '../../../schemas/tables/call-hours.ts';
import { runStep } from '../../../schemas/tables/steps.ts';
import { startSettling } from '../../ingest/settle/support/settling.ts';
import { makeCall } from '../../support/rows.ts';

test('hours of traces, prompts and answers are there with the insert, and are filled in for calls from before', async () => {
  const settling = await startSettling();
  const { writer, engine } = settling;
  const { database } = engine;
  try {
    const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
    const plain = makeCall();
    const hashed = makeCall({
      prompt_hash: hash(1),
      response_hash: hash(2),
      started_at: plain.started_at + 7.2e9,
    });
    await settling.insert([plain, hashed]);
    await settling.insert([hashed]);
    const asked = async (id: string): Promise<number[]> => {
      const sql = `SELECT DISTINCT hour FROM ${database}.call_hours WHERE project = 'default' AND id = ${id} ORDER BY hour`;
      return (await writer.query<{ hour: number }>(sql)).rows.map(({ hour }) => hour);
    };
    const bytes = (value: Uint8Array): string =>
      `toFixedString(unhex('${Buffer.from(value).toString('hex')}'), ${value.length})`;
    const hourOf = ({ started_at }: { started_at: number }): number => Math.floor(started_at / 3.6e9);
    const check = async (): Promise<void> => {
      assert.deepEqual(await asked(lookupId('trace_id', bytes(plain.trace_id))), [hourOf(plain)]);
      assert.deepEqual(await asked(lookupId('trace_id', bytes(hashed.trace_id))), [hourOf(hashed)]);
      assert.deepEqual(await asked(lookupId('prompt_hash', bytes(hash(1)))), [hourOf(hashed)]);
      assert.deepEqual(await asked(lookupId('response_hash', bytes(hash(2)))), [hourOf(hashed)]);
      assert.deepEqual(await asked(lookupId('response_hash', bytes(hash(1)))), []);
    };
    await check();
    await writer.command(`DROP VIEW ${database}.call_hours_feed`);
    await writer.command(`DROP TABLE ${database}.call_hours`);
    for (const step of createCallHours({ database })) await runStep(writer, step);
    await check();
  } finally {
    await settling.stop();
  }
});

test('an insert that began before there was a table of hours, and ends after, is not missed by it', async () => {
  const settling = await startSettling();
  const { writer, engine } = settling;
  const { database } = engine;
  try {
    await settling.insert([makeCall()]);
    await writer.command(`DROP VIEW ${database}.call_hours_feed`);
    await writer.command(`DROP TABLE ${database}.call_hours`);
    const slow = writer.command(
      `INSERT INTO ${database}.calls SELECT * REPLACE (toFixedString('another', 16) AS trace_id) FROM ${database}.calls WHERE sleepEachRow(1.5) = 0`,
    );
    await sleep(300);
    for (const step of createCallHours({ database })) await runStep(writer, step);
    await slow;
    const counted = `SELECT (SELECT uniqExact(trace_id) FROM ${database}.calls) AS traces, (SELECT uniqExact(id) FROM ${database}.call_hours) AS ids`;
    const { rows } = await writer.query<{ traces: string; ids: string }>(counted);
    assert.deepEqual([Number(rows[0]!.traces), Number(rows[0]!.ids)], [2, 2]);
  } finally {
    await settling.stop();
  }
});
