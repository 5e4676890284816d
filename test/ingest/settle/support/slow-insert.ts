/** An insert that takes its time: rows are stamped when they are read and appear only when the last one has come. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlockBuilder } from '../../../../schemas/native/block-builder.ts';
import { type CallRow, calls } from '../../../../schemas/record/calls.ts';
import type { Settling } from './settling.ts';

async function bodyOf(rows: readonly CallRow[]): Promise<Buffer> {
  const block = new BlockBuilder(calls);
  for (const row of rows) block.append(row);
  return (await block.finish()).body;
}

/** Rejects if the server did not take all of it. */
export async function insertSlowly(
  { engine }: Settling,
  rows: readonly CallRow[],
  pause_ms: number,
): Promise<void> {
  const half = Math.ceil(rows.length / 2);
  const bodies = [await bodyOf(rows.slice(0, half)), await bodyOf(rows.slice(half))];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const query = encodeURIComponent(`INSERT INTO ${engine.database}.calls FORMAT Native`);
  const sending = request(`${engine.url}/?query=${query}`, {
    method: 'POST',
    headers: {
      'content-encoding': 'zstd',
      'x-clickhouse-user': engine.writer.username,
      'x-clickhouse-key': engine.writer.password,
    },
  });
  // It may fail while we wait to send the rest.
  promise.catch(() => {});
  sending.on('error', reject).on('response', (response) => {
    response.resume();
    response.on('error', reject).on('end', () => {
      if (response.statusCode === 200) resolve();
      else reject(new Error(`The insert was answered ${response.statusCode}.`));
    });
  });
  // Whatever else may have come, nothing comes any more.
  sending.on('close', () => reject(new Error('The connection of the insert was closed.')));
  sending.write(bodies[0]!);
  await sleep(pause_ms);
  sending.end(bodies[1]!);
  return promise;
}
