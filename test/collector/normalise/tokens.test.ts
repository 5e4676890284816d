import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  billedTokens as bill,
  type Emitter,
  type ReportedTokens,
} from '../../../collector/normalise/tokens.ts';

const none: ReportedTokens = {
  input: null,
  output: null,
  total: null,
  cache_read: null,
  cache_write: null,
  reasoning: null,
};

const billedTokens = (tokens: ReportedTokens, basis: Emitter['basis'], more: Partial<Emitter> = {}) =>
  bill(tokens, { basis, total_proves: false, reasoning_beside: false, ...more });

test('missing counts stay missing', () => {
  assert.deepEqual(billedTokens(none, undefined), {
    input_tokens: null,
    output_tokens: null,
    cache_read_tokens: null,
    cache_write_tokens: null,
    reasoning_tokens: null,
    token_basis: 'unknown',
  });
});

test('more cached tokens than input say that the input leaves them out', () => {
  const billed = billedTokens(
    { ...none, input: 12, cache_read: 900, cache_write: 88, output: 5 },
    'inclusive',
  );
  assert.equal(billed.input_tokens, 1000);
  assert.equal(billed.token_basis, 'additive');
});

test('a total that adds the cache to the input says so too', () => {
  const billed = billedTokens({ ...none, input: 500, cache_read: 400, output: 100, total: 1000 }, undefined);
  assert.equal(billed.input_tokens, 900);
  assert.equal(billed.token_basis, 'additive');
});

test('a total of input and output proves nothing', () => {
  const billed = billedTokens({ ...none, input: 500, cache_read: 400, output: 100, total: 600 }, undefined);
  assert.equal(billed.input_tokens, 500);
  assert.equal(billed.token_basis, 'unknown');
});

test('what the emitter is known to do decides where the counts do not', () => {
  assert.equal(billedTokens({ ...none, input: 500, cache_read: 400 }, 'additive').input_tokens, 900);
  assert.equal(billedTokens({ ...none, input: 500, cache_read: 400 }, 'inclusive').input_tokens, 500);
});

test('reasoning beyond the output was left out of it', () => {
  assert.equal(billedTokens({ ...none, output: 10, reasoning: 90 }, undefined).output_tokens, 100);
  assert.equal(billedTokens({ ...none, output: 100, reasoning: 90 }, undefined).output_tokens, 100);
});

test('reasoning that the emitter is known to leave out is added, whatever the counts', () => {
  const counts = { ...none, output: 100, reasoning: 90 };
  assert.equal(billedTokens(counts, undefined, { reasoning_beside: true }).output_tokens, 190);
});

test('a total of the provider’s own proves both bases', () => {
  const proves = { total_proves: true };
  const whole = { ...none, input: 500, cache_read: 400, output: 100, total: 600 };
  assert.equal(billedTokens(whole, undefined, proves).token_basis, 'inclusive');
  const parts = { ...none, input: 200, cache_read: 1000, output: 100, reasoning: 200, total: 1500 };
  const billed = billedTokens(parts, undefined, proves);
  assert.deepEqual([billed.input_tokens, billed.output_tokens, billed.token_basis], [1200, 300, 'additive']);
});

test('an estimate is marked as one', () => {
  assert.equal(billedTokens({ ...none, input: 15, output: 10 }, 'estimated').token_basis, 'estimated');
});

test('a sum that no column holds is no count', () => {
  const huge = { ...none, input: 0xffff_ffff, cache_read: 0xffff_ffff };
  assert.equal(billedTokens(huge, 'additive').input_tokens, null);
});

test('the parts never exceed their totals', () => {
  const count = fc.option(fc.nat(1_000_000), { nil: null });
  fc.assert(
    fc.property(
      fc.record({
        input: count,
        output: count,
        total: count,
        cache_read: count,
        cache_write: count,
        reasoning: count,
      }),
      fc.constantFrom('inclusive' as const, 'additive' as const, 'estimated' as const, undefined),
      fc.boolean(),
      fc.boolean(),
      (reported, known, total_proves, reasoning_beside) => {
        const billed = billedTokens(reported, known, { total_proves, reasoning_beside });
        if (billed.input_tokens !== null) {
          assert.ok(
            (billed.cache_read_tokens ?? 0) + (billed.cache_write_tokens ?? 0) <= billed.input_tokens,
          );
        }
        if (billed.output_tokens !== null) assert.ok((billed.reasoning_tokens ?? 0) <= billed.output_tokens);
      },
    ),
  );
});
