import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { calcPrice } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { BUNDLED_PRICES_VERSION, createBundledPrices } from '../../../collector/price/bundled-prices.ts';
import { parseOverridePrices } from '../../../collector/price/override-prices.ts';
import { createPricer, type PriceQuestion } from '../../../collector/price/pricer.ts';

const price = createPricer({ bundled: createBundledPrices() });
const NOW = Date.UTC(2026, 5, 15, 12);

function question(overrides: Partial<PriceQuestion>): PriceQuestion {
  return {
    project: 'shop',
    provider: 'openai',
    model: 'gpt-4o',
    started_ms: NOW,
    token_basis: 'inclusive',
    input_tokens: 1000,
    output_tokens: 100,
    cache_read_tokens: null,
    cache_write_tokens: null,
    cost_reported_usd: null,
    ...overrides,
  };
}

const models: [provider: string, tableId: string, model: string][] = [
  ['openai', 'openai', 'gpt-4o'],
  ['openai', 'openai', 'gpt-4o-mini'],
  ['openai', 'openai', 'o3'],
  ['anthropic', 'anthropic', 'claude-sonnet-4-5'],
  ['anthropic', 'anthropic', 'claude-sonnet-4-20250514'],
  ['gcp.gemini', 'google', 'gemini-2.5-pro'],
  ['gcp.vertex_ai', 'google', 'gemini-2.5-flash'],
  ['azure.ai.openai', 'azure', 'gpt-5'],
  ['deepseek', 'deepseek', 'deepseek-chat'],
];

test('our arithmetic by the table’s rates gives what the table’s own library gives, tiers and dates included', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...models),
      fc.nat(400_000),
      fc.nat(50_000),
      fc.nat(100),
      fc.nat(100),
      fc.integer({ min: Date.UTC(2025, 0, 1), max: NOW }),
      ([provider, providerId, model], input_tokens, output_tokens, readShare, writeShare, started_ms) => {
        const cache_read_tokens = Math.floor((input_tokens * readShare) / 200);
        const cache_write_tokens =
          provider === 'anthropic' ? Math.floor((input_tokens * writeShare) / 200) : 0;
        const theirs = calcPrice(
          { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens },
          model,
          {
            providerId,
            timestamp: new Date(started_ms),
          },
        );
        assert.ok(theirs);
        const ours = price(
          question({
            provider,
            model,
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            started_ms,
          }),
        );
        assert.equal(ours.cost_status, 'priced');
        assert.ok(
          Math.abs(ours.cost_usd! - theirs.total_price) < 1e-9,
          `${ours.cost_usd} and ${theirs.total_price}`,
        );
        assert.ok(Math.abs(ours.cost_input_usd! - theirs.input_price) < 1e-9);
        assert.ok(Math.abs(ours.cost_output_usd! - theirs.output_price) < 1e-9);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a price that changed is the one of the call’s own day', () => {
  const cost = (day: number): number | null => price(question({ model: 'o3', started_ms: day })).cost_usd;
  assert.equal(cost(Date.UTC(2025, 4, 1)), 0.01 + 0.004);
  assert.equal(cost(Date.UTC(2025, 6, 1)), 0.002 + 0.0008);
});

test('an unknown model, a named provider without it, and missing counts are unpriced, never free', () => {
  for (const overrides of [
    { model: 'small-chat-v1' },
    { model: '' },
    { provider: 'ollama', model: 'gpt-4o' },
    { input_tokens: null },
    { output_tokens: null },
    { cache_read_tokens: 2000 },
    { token_basis: 'estimated' as const },
  ]) {
    const fields = price(question(overrides));
    assert.equal(fields.cost_usd, null, JSON.stringify(overrides));
    assert.equal(fields.cost_status, 'unpriced');
  }
});

test('without a provider the model’s name decides; embeddings need no output', () => {
  assert.equal(price(question({ provider: '' })).cost_usd, 0.0025 + 0.001);
  const embedding = price(
    question({ model: 'text-embedding-3-small', output_tokens: null, input_tokens: 1_000_000 }),
  );
  assert.equal(embedding.cost_usd, 0.02);
});

test('the emitter’s own figure serves where the tables have none', () => {
  const fields = price(question({ model: 'small-chat-v1', cost_reported_usd: 0.5 }));
  assert.deepEqual([fields.cost_usd, fields.cost_status], [0.5, 'reported']);
  assert.equal(price(question({ cost_reported_usd: 0.5 })).cost_status, 'priced');
});

test('the operator’s prices go first, the newest in force, the provider’s own before any', () => {
  const override = parseOverridePrices(
    JSON.stringify({
      prices: [
        { model: 'small-chat-v1', input_per_mtok_usd: 1, output_per_mtok_usd: 2 },
        {
          model: 'small-chat-v1',
          from: '2026-06-01',
          input_per_mtok_usd: 3,
          output_per_mtok_usd: 4,
          context_window: 8192,
        },
        { provider: 'own', model: 'small-chat-v1', input_per_mtok_usd: 0, output_per_mtok_usd: 0 },
        { project: 'vip', model: 'small-chat-v1', input_per_mtok_usd: 0.5, output_per_mtok_usd: 0.25 },
      ],
    }),
  );
  const overridden = createPricer({ bundled: createBundledPrices(), override });
  const ask = (overrides: Partial<PriceQuestion>) =>
    overridden(
      question({ model: 'small-chat-v1', input_tokens: 1_000_000, output_tokens: 1_000_000, ...overrides }),
    );
  assert.equal(ask({ started_ms: Date.UTC(2026, 4, 1) }).cost_usd, 3);
  assert.equal(ask({}).cost_usd, 7);
  assert.equal(ask({}).cost_status, 'override');
  assert.match(ask({}).price_version, /^override-[0-9a-f]{12}:2026-06-01$/);
  assert.equal(ask({}).context_window, 8192);
  assert.equal(ask({ provider: 'own' }).cost_usd, 0);
  assert.equal(ask({ provider: 'own', project: 'vip' }).cost_usd, 0.75);
  assert.equal(overridden(question({})).cost_status, 'priced');
});

test('a file of prices that is not acceptable names its fault and its place', () => {
  assert.throws(() => parseOverridePrices('{'), /PLUMBLINE_PRICES is not JSON/);
  assert.throws(
    () => parseOverridePrices('{"prices":[{"model":"m","input_per_mtok_usd":-1,"output_per_mtok_usd":1}]}'),
    /prices\.0\.input_per_mtok_usd/,
  );
  assert.throws(() => parseOverridePrices('{"prices":[{"model":"m","input":1}]}'), /prices\.0/);
});

test('the version on each row names the table that is installed', () => {
  const packageFile = new URL('../package.json', import.meta.resolve('@pydantic/genai-prices'));
  const packageJson = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  assert.equal(BUNDLED_PRICES_VERSION, `genai-prices-${packageJson.version}`);
});
