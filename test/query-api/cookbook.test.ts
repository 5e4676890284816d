/** docs/cookbook.md: every request runs as it stands, and answers something. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SAMPLE_CALL, SAMPLE_URL } from '../../query-api/code-samples.ts';
import type { CallRow } from '../../schemas/record/calls.ts';
import { makeCall, makePayload, makeScore } from '../support/rows.ts';
import { textOf } from '../tidy/sources.ts';
import { get, type Harness, startHarness } from './support/harness.ts';

const recipes = [
  ...textOf('docs/cookbook.md').matchAll(/^### (\d+)\. (.+)\n(?:\n[^#].*\n)*?\n {4}(.+)$/gm),
].map(([, number, question, command]) => ({
  number: Number(number),
  question: question!,
  command: command!,
}));

const of: Partial<CallRow> = {
  project: 'shop',
  started_at: (Date.now() - 900_000) * 1000,
  slices: ['noisy'],
  request_type: 'summary',
  user_id: 'ann',
  ttft_ms: 90,
};
const ids = {
  trace_id: Buffer.from(SAMPLE_CALL.trace_id, 'hex'),
  span_id: Buffer.from(SAMPLE_CALL.span_id, 'hex'),
};

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.insertCalls([
    makeCall({ ...of, ...ids }),
    makeCall({ ...of, model: 'candidate-xl', status: 'error', error_type: 'timeout', duration_ms: 12_000 }),
  ]);
  const { started_at } = of as CallRow;
  await harness.insertPayloads([
    makePayload({ project: 'shop', ...ids, started_at, input: 'Where is my refund?' }),
  ]);
  await harness.insertScores([makeScore({ project: 'shop', ...ids, scored_at: started_at, value: 0.2 })]);
});
after(() => harness.stop());

test('there are twenty-one questions, numbered, each with one request', () => {
  assert.deepEqual(
    recipes.map(({ number }) => number),
    Array.from({ length: 21 }, (_, index) => index + 1),
  );
  for (const { command } of recipes) assert.match(command, /^curl '[^']+'$/);
});

/** Whatever an answer lists. */
function listed(json: Record<string, unknown>): unknown {
  const list = json.rows ?? json.items ?? json.checks ?? json.roots;
  return Array.isArray(list) ? list.length : json;
}

for (const { number, question, command } of recipes) {
  test(`${number}. ${question}`, async () => {
    const url = /'([^']+)'/.exec(command)![1]!;
    assert.ok(url.startsWith(SAMPLE_URL));
    const { status, json, text } = await get(harness.app, url.slice(SAMPLE_URL.length));
    assert.equal(status, 200, text);
    assert.ok(listed(json), `an answer that lists nothing: ${text}`);
  });
}
