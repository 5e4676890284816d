import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { projectOfKey } from '../../../schemas/queries/project.ts';
import { rollupStatement } from '../../../schemas/queries/rollup.ts';
import { withCounting } from '../../../schemas/queries/with-counting.ts';
import type { CallRow } from '../../../schemas/record/calls.ts';
import { type Harness, startHarness } from '../../query-api/support/harness.ts';
import { idOf, makeCall, makeScore } from '../../support/rows.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Yesterday noon. */
const NOON_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS / 2;

let harness: Harness;
let projects = 0;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

interface Asked {
  from_ms?: number;
  to_ms?: number;
  now_ms?: number;
  score?: string;
}

/** A project of its own, so that tests do not meet. */
function newProject(): string {
  projects++;
  return `project-${projects}`;
}

async function total(project: string, asked: Asked = {}) {
  const scope = {
    database: 'plumbline',
    project: projectOfKey(project),
    from_ms: asked.from_ms ?? NOON_MS - HOUR_MS,
    to_ms: asked.to_ms ?? NOON_MS + HOUR_MS,
    now_ms: asked.now_ms ?? Date.now(),
    calls_days: 90,
  };
  return withCounting(harness.reader, scope, undefined, async (counting) => {
    const { sql, params } = rollupStatement({
      scope: { ...scope, counting },
      metrics: asked.score === undefined ? ['calls'] : ['calls', 'score_avg'],
      group_by: [],
      filters: [],
      order_by: [],
      limit: 10,
      ...(asked.score === undefined ? {} : { score: asked.score }),
    });
    const { rows } = await harness.reader.query<{ calls: number; score_avg: number | null }>(sql, { params });
    return rows[0]!;
  });
}

const at = (ms: number, more: Partial<CallRow> = {}): CallRow =>
  makeCall({ started_at: Math.round(ms * 1000), duration_ms: 100, ...more });

test('the window holds its start and not its end, to the microsecond', async () => {
  const project = newProject();
  const offsets = [-0.001, 0, 999.999, 1_000];
  await harness.insertCalls(offsets.map((offset) => at(NOON_MS + offset, { project })));
  const counted = await total(project, { from_ms: NOON_MS, to_ms: NOON_MS + 1_000 });
  assert.equal(counted.calls, 2);
});

test('a call sent again counts once, whatever part it is in, and the newest version is it', async () => {
  const project = newProject();
  const call = at(NOON_MS, { project });
  for (const version of [call.version, call.version + 1, call.version]) {
    await harness.insertCalls([{ ...call, version }]);
  }
  assert.equal((await total(project)).calls, 1);
  const later = { ...call, version: call.version + 2, started_at: call.started_at + 1_800_000_000 };
  await harness.insertCalls([later]);
  assert.equal((await total(project)).calls, 1);
  assert.equal((await total(project, { to_ms: NOON_MS + 60_000 })).calls, 0, 'the newest starts later');
});

test('a call is hidden from the moment it expires', async () => {
  const project = newProject();
  await harness.insertCalls([at(NOON_MS, { project })]);
  const expiry_ms = NOON_MS + 90 * DAY_MS;
  assert.equal((await total(project, { now_ms: expiry_ms })).calls, 1);
  assert.equal((await total(project, { now_ms: expiry_ms + 1 })).calls, 0);
});

test('a carrier counts only while no call lies in its trace and interval', async () => {
  const carrier = (ms: number, duration_ms: number, more: Partial<CallRow> = {}): CallRow =>
    at(ms, { kind: 'carrier', duration_ms, trace_id: idOf(9, 16), ...more });
  const inside: Partial<CallRow> = { trace_id: idOf(9, 16) };
  const cases: [string, CallRow[], number][] = [
    ['alone', [carrier(NOON_MS, 5_000)], 1],
    ['around a call', [carrier(NOON_MS, 5_000), at(NOON_MS + 100, inside)], 1],
    ['around two calls', [carrier(NOON_MS, 5_000), at(NOON_MS, inside), at(NOON_MS + 5_000, inside)], 2],
    ['before a call', [carrier(NOON_MS, 5_000), at(NOON_MS + 7_000, inside)], 2],
    ['after a call', [carrier(NOON_MS, 5_000), at(NOON_MS - 1_500, inside)], 2],
    ['beside a call of another trace', [carrier(NOON_MS, 5_000), at(NOON_MS + 100)], 2],
    ['around a carrier', [carrier(NOON_MS, 5_000), carrier(NOON_MS + 100, 100)], 2],
  ];
  for (const [name, rows, expected] of cases) {
    const project = newProject();
    await harness.insertCalls(rows.map((row) => ({ ...row, project })));
    assert.equal((await total(project)).calls, expected, name);
  }
});

test('a carrier at the edge of the window is struck out by its call beyond the edge', async () => {
  const project = newProject();
  const trace_id = idOf(77, 16);
  await harness.insertCalls([
    at(NOON_MS - 60_000, { project, trace_id, kind: 'carrier', duration_ms: 120_000 }),
    at(NOON_MS + 30_000, { project, trace_id }),
  ]);
  assert.equal((await total(project, { to_ms: NOON_MS })).calls, 0);
  assert.equal((await total(project, { from_ms: NOON_MS })).calls, 1);
  assert.equal((await total(project)).calls, 1);
  const early = newProject();
  await harness.insertCalls([
    at(NOON_MS, { project: early, trace_id, kind: 'carrier', duration_ms: 1_000 }),
    at(NOON_MS - 500, { project: early, trace_id }),
  ]);
  assert.equal((await total(early, { from_ms: NOON_MS })).calls, 0, 'a second is allowed for');
});

test('scores meet calls by span or by answer, replace each other by source, and are averaged by call', async () => {
  const project = newProject();
  const answer = idOf(1234, 32);
  const calls = [at(NOON_MS), at(NOON_MS + 1, { response_hash: answer }), at(NOON_MS + 2)];
  await harness.insertCalls(calls.map((call) => ({ ...call, project })));
  const [bySpan, byAnswer] = calls;
  const of = ({ trace_id, span_id }: CallRow) => ({ project, trace_id, span_id });
  const noSpan = { trace_id: idOf(0, 16), span_id: idOf(0, 8) };
  await harness.insertScores([
    makeScore({ ...of(bySpan!), value: 0.1, version: 1 }),
    makeScore({ ...of(bySpan!), value: 0.4, version: 2 }),
    makeScore({ ...of(bySpan!), value: 0.8, source: 'another' }),
    makeScore({ project, ...noSpan, response_hash: answer, value: 1 }),
    makeScore({ ...of(byAnswer!), name: 'tone', value: 0 }),
    makeScore({ ...of(bySpan!), project: 'elsewhere', value: 100 }),
  ]);
  const { calls: counted, score_avg } = await total(project, { score: 'accuracy' });
  assert.equal(counted, 3);
  assert.ok(Math.abs(score_avg! - (0.6 + 1) / 2) < 1e-12, `${score_avg}`);
  assert.equal((await total(project, { score: 'nobody gave it' })).score_avg, null);
});
