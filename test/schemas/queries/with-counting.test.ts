import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { examine } from '../../../ingest/settle/examiner.ts';
import { settleHours } from '../../../ingest/settle/settle-hours.ts';
import type { Counting } from '../../../schemas/queries/counting.ts';
import { projectOfKey } from '../../../schemas/queries/project.ts';
import { rollupStatement } from '../../../schemas/queries/rollup.ts';
import { CLOCK_GRAIN_MS } from '../../../schemas/queries/settling/times.ts';
import { withCounting } from '../../../schemas/queries/with-counting.ts';
import type { CallRow } from '../../../schemas/record/calls.ts';
import type { Warehouse } from '../../../schemas/seams.ts';
import { type Settling, startSettling } from '../../ingest/settle/support/settling.ts';
import { idOf, makeCall } from '../../support/rows.ts';

const HOUR_MS = 3_600_000;
/** Yesterday noon. */
const NOON_MS = (Math.floor(Date.now() / 86_400_000) - 0.5) * 86_400_000;
const project = 'overtaken';

let settling: Settling;
let made = 1;
before(async () => {
  settling = await startSettling();
});
after(() => settling.stop());

const at = (ms: number, more: Partial<CallRow> = {}): CallRow =>
  makeCall({
    project,
    started_at: ms * 1000,
    duration_ms: 100,
    trace_id: idOf(++made, 16),
    span_id: idOf(made, 8),
    response_id: `resp-of-a-provider-${made}`,
    ...more,
  });

/** The same call, as the client below the framework tells it. */
const inner = (call: CallRow): CallRow => ({
  ...at(0),
  started_at: call.started_at + 10,
  duration_ms: 50,
  scope: 'client',
  response_id: call.response_id,
});

/** Calls of three hours, and what each attempt was told; `between` happens between the statements of the first. */
async function ask(
  source: 'calls' | 'cells',
  between?: () => Promise<void>,
  warehouse: Warehouse = settling.reader,
) {
  const scope = {
    database: settling.engine.database,
    project: projectOfKey(project),
    from_ms: NOON_MS - 2 * HOUR_MS,
    to_ms: NOON_MS + HOUR_MS,
    now_ms: Date.now(),
    calls_days: 90,
  };
  const attempts: Counting[] = [];
  const calls = await withCounting(warehouse, scope, undefined, async (counting) => {
    attempts.push(counting);
    if (attempts.length === 1) await between?.();
    const { sql, params } = rollupStatement({
      scope: { ...scope, counting },
      metrics: ['calls'],
      group_by: [],
      filters: [],
      order_by: [],
      limit: 10,
      source,
    });
    return (await settling.reader.query<{ calls: number }>(sql, { params })).rows[0]!.calls;
  });
  return { calls: Number(calls), attempts };
}

test('repeats of rows that nobody has looked at are found beside the answer, and by it if more rows come meanwhile', async () => {
  const noon = NOON_MS / HOUR_MS;
  const early = [at(NOON_MS - 1.5 * HOUR_MS), at(NOON_MS - 1.4 * HOUR_MS, { scope: 'framework' })];
  await settling.insert(early);
  await sleep(CLOCK_GRAIN_MS + 100);
  await examine(settling.store);
  await settleHours(settling.store, project, [noon - 2]);
  const outer = at(NOON_MS + 60_000, { scope: 'framework' });
  await settling.insert([outer, inner(outer), at(NOON_MS + 70_000)]);

  for (const source of ['calls', 'cells'] as const) {
    const { calls, attempts } = await ask(source);
    assert.equal(calls, 4, source);
    assert.equal(attempts.length, 1, `${source}: once is enough while nothing comes`);
    assert.equal(attempts[0]!.fresh?.repeats.length, 1, `${source}: the outer span`);
  }

  // To the hour with fresh rows, then to a settled one.
  let expected = 4;
  for (const ms of [NOON_MS + 80_000, NOON_MS - 1.3 * HOUR_MS]) {
    for (const source of ['calls', 'cells'] as const) {
      const late = at(ms, { scope: 'framework' });
      const { calls, attempts } = await ask(source, () => settling.insert([late, inner(late)]));
      assert.equal(calls, ++expected, `${source}, ${new Date(ms).toISOString()}`);
      assert.equal(attempts.length, 2, 'asked again');
      assert.equal(attempts[1]!.fresh, undefined);
    }
  }

  // A stored pair of a span whose content changes holds no more.
  await sleep(CLOCK_GRAIN_MS + 100);
  await examine(settling.store);
  await settling.insert([
    { ...outer, response_id: 'another-answer-altogether', output_tokens: 9_999, version: outer.version + 10 },
  ]);
  const { calls, attempts } = await ask('calls');
  assert.equal(calls, expected + 1);
  assert.equal(attempts[0]!.fresh?.superseded.length, 1);
});

test('a repeat that comes to one of two settled hours between the two first statements is not counted beside its call', async () => {
  const noon = NOON_MS / HOUR_MS;
  const outer = at(NOON_MS - HOUR_MS - 10, { scope: 'framework' });
  await settling.insert([outer]);
  await sleep(CLOCK_GRAIN_MS + 100);
  await examine(settling.store);
  await settleHours(settling.store, project, [noon - 2, noon - 1, noon]);
  const { calls: before } = await ask('cells');
  const late = inner({ ...outer, started_at: (NOON_MS - HOUR_MS) * 1000 });
  const { promise: hasCome, resolve: comes } = Promise.withResolvers<void>();
  let isFirst = true;
  const slow: Warehouse = {
    ...settling.reader,
    async query(sql, options) {
      if (isFirst && sql.includes("'examined' AS fact")) await hasCome;
      const answer = await settling.reader.query(sql, options);
      if (isFirst && sql.includes("'newest' AS fact")) {
        isFirst = false;
        await settling.insert([late]);
        await sleep(CLOCK_GRAIN_MS + 100);
        await examine(settling.store);
        await settleHours(settling.store, project, [noon - 1]);
        comes();
      }
      return answer as never;
    },
  };
  assert.equal((await ask('cells', undefined, slow)).calls, before);
  assert.equal((await ask('cells')).calls, before);
});
