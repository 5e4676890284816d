import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CallRow } from '../../schemas/record/calls.ts';
import { makeCall, makePayload } from '../support/rows.ts';
import { get, type Harness, OTHER_KEY, startHarness } from './support/harness.ts';

const DAY_US = 86_400_000_000;
const of = (model: string, more: Partial<CallRow> = {}): CallRow =>
  makeCall({ project: 'shop', model, response_model: `${model}-2026`, ...more });
const unpriced = {
  cost_usd: null,
  cost_input_usd: null,
  cost_output_usd: null,
  cost_status: 'unpriced',
  price_version: '',
  context_window: null,
} as const;

let harness: Harness;
before(async () => {
  harness = await startHarness();
  const often = of('often', { cost_status: 'override' });
  await harness.insertCalls([
    often,
    // A failure without tokens has no price, which says nothing about its model's.
    of('often', { ...unpriced, started_at: often.started_at + 1 }),
    of('often', { started_at: often.started_at - 2, response_model: 'often-2025', price_version: 'old' }),
    of('unknown', unpriced),
    of('gone', { started_at: often.started_at - 40 * DAY_US }),
    makeCall({ project: 'other', model: 'of-the-other' }),
  ]);
  const { trace_id, span_id } = often;
  await harness.insertPayloads(
    [1, 9].map((days) =>
      makePayload({ project: 'shop', trace_id, span_id, started_at: often.started_at - days * DAY_US }),
    ),
  );
});
after(() => harness.stop());

test('models are listed with the price in force for the newest call, those without one first', async () => {
  const { items } = (await get(harness.app, '/v1/models')).json;
  const shown = items.map((item: Record<string, unknown>) => [
    item.model,
    item.calls,
    item.unpriced_calls,
    item.cost_status,
  ]);
  assert.deepEqual(shown, [
    ['unknown', 1, 1, 'unpriced'],
    ['often', 3, 1, 'override'],
  ]);
  const often = items[1];
  assert.deepEqual(often.response_models, ['often-2025', 'often-2026']);
  assert.deepEqual(
    [often.price_version, often.context_window, often.cost_usd],
    ['test@2026-01-01', 128_000, 0.001],
  );
  // 0.0003 dollars for 100 tokens in, 0.0002 for 20 out.
  assert.ok(
    Math.abs(often.input_usd_per_1m_tokens - 3) < 1e-9 &&
      Math.abs(often.output_usd_per_1m_tokens - 10) < 1e-9,
  );
  assert.equal(items[0].input_usd_per_1m_tokens, null);
  const longer = (await get(harness.app, '/v1/models?from=now-60d')).json.items;
  assert.deepEqual(
    longer.map(({ model }: { model: string }) => model),
    ['unknown', 'often', 'gone'],
  );
  const other = (await get(harness.app, '/v1/models', OTHER_KEY)).json.items;
  assert.deepEqual(
    other.map(({ model }: { model: string }) => model),
    ['of-the-other'],
  );
});

test('the audit answers from what is stored, of the project of the key alone', async () => {
  const { checks } = (await get(harness.app, '/v1/audit')).json;
  const [log] = checks;
  assert.equal(log.answer, 'yes');
  assert.ok(log.evidence.oldest_payload_days > 9 && log.evidence.oldest_payload_days < 11);
  assert.deepEqual(
    checks.slice(1).map(({ answer }: { answer: string }) => answer),
    ['unknown', 'unknown', 'no', 'unknown'],
  );
  const other = (await get(harness.app, '/v1/audit', OTHER_KEY)).json.checks[0];
  assert.deepEqual([other.answer, other.evidence.oldest_payload_days], ['no', null]);
});

test('a window may end anywhere: what is left out of it counts back from its end', async () => {
  const { from, to } = (await get(harness.app, '/v1/models?to=2026-01-31')).json;
  assert.deepEqual([from, to], ['2026-01-01T00:00:00.000Z', '2026-01-31T00:00:00.000Z']);
  for (const path of ['/v1/models', '/v1/audit']) {
    const { status, json } = await get(harness.app, `${path}?form=now`);
    assert.deepEqual([status, json.nearest], [400, 'from']);
  }
});
