import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { examine } from '../../../ingest/settle/examiner.ts';
import { settleHours } from '../../../ingest/settle/settle-hours.ts';
import type { CallRow } from '../../../schemas/record/calls.ts';
import { idOf, makeCall } from '../../support/rows.ts';
import { ask, type Question, type Settling, startSettling } from './support/settling.ts';

const HOUR_MS = 3_600_000;
/** Yesterday noon. */
const NOON_MS = (Math.floor(Date.now() / 86_400_000) - 0.5) * 86_400_000;

let settling: Settling;
let made = 1_000;
before(async () => {
  settling = await startSettling();
});
after(() => settling.stop());

const at = (offset_ms: number, more: Partial<CallRow> = {}): CallRow =>
  makeCall({
    started_at: (NOON_MS + offset_ms) * 1000,
    duration_ms: 100,
    trace_id: idOf(++made, 16),
    span_id: idOf(made, 8),
    ...more,
  });

async function countOf(project: string, more: Partial<Question> = {}): Promise<number> {
  const question = {
    project,
    from_ms: NOON_MS - HOUR_MS,
    to_ms: NOON_MS + HOUR_MS,
    metrics: ['calls'] as const,
    ...more,
  };
  const sums: number[] = [];
  for (const from of ['scratch', 'calls', 'cells'] as const) {
    const rows = await ask(settling, { ...question, group_by: [], from });
    sums.push(rows.reduce((sum, row) => sum + Number(row.calls), 0));
  }
  assert.ok(
    sums.every((sum) => sum === sums[0]),
    `${project}: ${sums.join(', ')}`,
  );
  return sums[0]!;
}

/** Examined and settled, so that cells are asked for what is stored of it. */
async function settled(project: string, rows: readonly CallRow[]): Promise<void> {
  await settling.insert(rows.map((row) => ({ ...row, project })));
  await examine(settling.store);
  const noon = NOON_MS / HOUR_MS;
  await settleHours(settling.store, project, [noon - 1, noon]);
}

test('calls that all carry one response id stay as many as they are, one after another and at once', async () => {
  const one: Partial<CallRow> = { response_id: 'chatcmpl-1', input_tokens: 12, output_tokens: 1 };
  const sequential = Array.from({ length: 5_000 }, (_, index) => at(index * 200, one));
  const parallel = Array.from({ length: 50 }, () => at(1_200_000, one));
  await settled('one-id', [...sequential, ...parallel]);
  assert.equal(await countOf('one-id'), 5_050);
});

test('each told by two instrumentations they stay as many as they are', async () => {
  const both = (offset_ms: number, number: number): CallRow[] => {
    const told = { response_id: 'chatcmpl-1', input_tokens: 10 + number, output_tokens: 1 + (number % 7) };
    const process = BigInt(number % 5);
    return [
      at(offset_ms, { ...told, process, scope: 'framework', duration_ms: 120 }),
      at(offset_ms + 10, { ...told, process, scope: 'client', duration_ms: 100 }),
    ];
  };
  const sequential = Array.from({ length: 500 }, (_, number) => both(number * 200, number)).flat();
  const parallel = Array.from({ length: 50 }, (_, number) => both(1_200_000 + number, 1_000 + number)).flat();
  await settled('one-id-twice', [...sequential, ...parallel]);
  assert.equal(await countOf('one-id-twice'), 550);
});

test('an outer span that ends in one hour is struck out by its leaf of the next', async () => {
  const outer = at(-500, { duration_ms: 2_000, scope: 'framework', input_tokens: null, output_tokens: null });
  const leaf = at(500, { trace_id: outer.trace_id, parent_span_id: outer.span_id });
  await settled('edge', [outer]);
  assert.equal(await countOf('edge'), 1);
  await settled('edge', [leaf]);
  assert.equal(await countOf('edge'), 1);
  assert.equal(await countOf('edge', { to_ms: NOON_MS }), 0, 'the outer one lies in the hour before');
  assert.equal(await countOf('edge', { from_ms: NOON_MS }), 1);
});

test('of twins whose models are spelled differently one counts, whatever the filter', async () => {
  const told = at(0, { response_id: 'r-1', scope: 'framework', model: 'gpt-4o', duration_ms: 300 });
  const again = at(50, { response_id: 'r-1', scope: 'client', model: 'gpt-4o-2024-08-06', duration_ms: 200 });
  await settled('spelling', [told, again]);
  assert.equal(await countOf('spelling'), 1);
  const of = (model: string): Partial<Question> => ({
    filters: [{ dimension: 'model', is: [model], not: [] }],
  });
  assert.equal(await countOf('spelling', of('gpt-4o-2024-08-06')), 1);
  assert.equal(
    await countOf('spelling', of('gpt-4o')),
    0,
    'not: the other one counts again once a filter hides its twin',
  );
});

test('two groups become one when the span between them comes', async () => {
  const leaf = at(200, { scope: 'client' });
  const between = at(100, { trace_id: leaf.trace_id, duration_ms: 300, scope: 'proxy' });
  const outer = at(0, { trace_id: leaf.trace_id, duration_ms: 500, scope: 'framework' });
  const child = { ...leaf, parent_span_id: between.span_id, process: 2n };
  await settled('merge', [outer, child]);
  assert.equal(await countOf('merge'), 2);
  await settled('merge', [{ ...between, parent_span_id: outer.span_id, process: 3n }]);
  assert.equal(await countOf('merge'), 1);
});

test('true twins stay apart: parallel calls with equal tokens, seen by one instrumentation', async () => {
  await settled('twins', [at(0), at(0), at(10), at(20, { duration_ms: 10 })]);
  assert.equal(await countOf('twins'), 4);
});

test('one stream told three times counts once, with the tokens of the one that has them', async () => {
  const stream = { response_id: 'stream-1', duration_ms: 900 };
  const rows = [
    at(0, { ...stream, scope: 'framework', input_tokens: null, output_tokens: null }),
    at(5, { ...stream, scope: 'client', input_tokens: 10, output_tokens: 5 }),
    at(9, { ...stream, scope: 'proxy', input_tokens: null, output_tokens: null }),
  ];
  await settled('stream', rows);
  assert.equal(await countOf('stream'), 1);
  const [row] = await ask(settling, {
    project: 'stream',
    from_ms: NOON_MS,
    to_ms: NOON_MS + HOUR_MS,
    metrics: ['output_tokens'],
    from: 'cells',
  });
  assert.equal(row?.output_tokens, 5);
});
