/** `plumbline rollups`, run as a user would, on the real engine. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Settling, startSettling } from '../ingest/settle/support/settling.ts';
import { plumbline as run } from '../support/plumbline.ts';
import { makeCall } from '../support/rows.ts';

let settling: Settling;
before(async () => {
  settling = await startSettling();
  await settling.insert(Array.from({ length: 20 }, (_, n) => makeCall({ process: BigInt(n + 1) })));
  // Rows younger than the clock's grain keep their hour from being clean.
  await sleep(2_500);
});
after(() => settling.stop());

const plumbline = (...args: string[]) => run(settling.engine, ['rollups', ...args]);

test('rollups are rebuilt and verified, a damaged one is found, and rebuilding mends it', async () => {
  const window = ['--from', 'now-2d/d', '--json'];
  const built = await plumbline('rebuild', ...window);
  assert.deepEqual(JSON.parse(built.stdout), { rebuilt: 1, frozen: 0 }, built.stderr);
  const good = await plumbline('verify', ...window);
  assert.equal(good.code, 0, good.stderr);
  const { verified, differing, unsettled } = JSON.parse(good.stdout);
  assert.deepEqual({ verified, differing, unsettled }, { verified: 1, differing: [], unsettled: 0 });

  await settling.writer.command('ALTER TABLE plumbline.rollup_1h UPDATE calls = calls + 1 WHERE 1', {
    settings: { mutations_sync: 1 },
  });
  const bad = await plumbline('verify', ...window);
  assert.equal(bad.code, 1, bad.stderr);
  assert.equal(JSON.parse(bad.stdout).differing[0].differences, 1);
  assert.match(
    (await plumbline('verify', '--from', 'now-2d/d')).stdout,
    /default +\d{4}-.*T12:00:00\.000Z +1/,
  );

  await plumbline('rebuild', ...window);
  assert.equal((await plumbline('verify', ...window)).code, 0);
});

test('a window that cannot be read is a wrong use', async () => {
  assert.equal((await plumbline('verify')).code, 2);
  const noTime = await plumbline('verify', '--from', 'yesterday');
  assert.equal(noTime.code, 2);
  assert.match(noTime.stderr, /^--from is 'yesterday': it is not a time\. Allowed: ISO 8601/);
  const empty = await plumbline('rebuild', '--from', 'now', '--to', 'now-1d');
  assert.equal(empty.code, 2);
  assert.match(empty.stderr, /^--from \(2.*\) must be before --to \(2/);
});
