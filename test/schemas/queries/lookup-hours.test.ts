import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hoursIn } from '../../../schemas/queries/lookup-hours.ts';

test('hours are listed once each, and as a range where the list would be too long for a statement', () => {
  assert.equal(hoursIn([]), 'false');
  assert.equal(hoursIn([7, 5, 7]), 'hour IN (7, 5)');
  assert.equal(
    hoursIn(Array.from({ length: 20_000 }, (_, index) => 30_000 - index)),
    'hour BETWEEN 10001 AND 30000',
  );
});
