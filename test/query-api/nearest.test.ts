import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestOf } from '../../query-api/nearest.ts';

const known = ['model', 'provider', 'service', 'latency_p95_ms', 'latency_p99_ms', 'calls'];

for (const [written, meant] of [
  ['modle', 'model'],
  ['Model', 'model'],
  ['models', 'model'],
  ['latency_p95', 'latency_p95_ms'],
  ['provder', 'provider'],
  ['call', 'calls'],
] as const) {
  test(`'${written}' is taken for '${meant}'`, () => assert.equal(nearestOf(written, known), meant));
}

test('what is like nothing has no nearest', () => {
  assert.equal(nearestOf('zzzzzzzz', known), undefined);
  assert.equal(nearestOf('x'.repeat(100_000), known), undefined);
  assert.equal(nearestOf('model', []), undefined);
  assert.equal(nearestOf('xy', ['', 'ok']), undefined);
});
