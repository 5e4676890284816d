import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usd } from '../../cli/table.ts';

test('dollars keep their sign, and what rounds to nothing has none', () => {
  assert.deepEqual([-1e-17, 0, -0.5, -12.345, 0.000_001, null].map(usd), [
    '0.000000',
    '0.000000',
    '-0.500000',
    '-12.35',
    '0.000001',
    null,
  ]);
});
