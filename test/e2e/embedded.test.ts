/** `node main.ts` as a new user meets it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Embedded, startEmbedded } from '../support/embedded.ts';
import { eventually } from '../support/eventually.ts';
import { rowsOf } from '../support/numbers.ts';
import { assertServiceIsMeasured } from './service-answers.ts';

const sh = promisify(execFile);

let embedded: Embedded;
before(async () => {
  embedded = await startEmbedded();
});
after(() => embedded?.stop());

test('the calls of a traced service are there within five seconds, and every number is exact', async () => {
  await assertServiceIsMeasured(embedded.otlp, { url: embedded.api });
});

test('the lines that it prints work when pasted into a shell', async () => {
  const printed = embedded.process().stdout();
  const [first, second] = [...printed.matchAll(/^ +(curl .*)$/gm)].map(([, command]) => command!);
  assert.ok(first && second, printed);
  const sent = await sh('sh', ['-c', first]);
  assert.equal(sent.stdout, '{}');
  await eventually(async () => {
    const answer = JSON.parse((await sh('sh', ['-c', second])).stdout) as { rows: Record<string, unknown>[] };
    const row = answer.rows.find(({ model }) => model === 'gpt-4o-mini');
    assert.equal(typeof row?.latency_p95_ms, 'number');
    const [mine] = await rowsOf(
      { url: embedded.api },
      '/v1/rollups?service=first-call&metrics=calls,latency_p95_ms,cost_usd',
    );
    // 1,200 tokens at $0.15 and 80 at $0.60 a million.
    assert.deepEqual(mine, { calls: 1, latency_p95_ms: 420, cost_usd: 0.000228 });
  }, 5_000);
  assert.match(printed, new RegExp(`OTEL_EXPORTER_OTLP_ENDPOINT=${embedded.otlp}\\b`));
  const docs = /Query API: +(\S+)/.exec(printed)?.[1];
  assert.equal((await fetch(docs!)).status, 200, docs);
});

test('SIGTERM ends it with 0 at once when nothing is under way', async () => {
  const exit = await embedded.process().end('SIGTERM');
  assert.deepEqual([exit.code, exit.signal], [0, null], embedded.process().output());
  assert.ok(exit.took_ms < 5_000, `${exit.took_ms} ms`);
});
