import assert from 'node:assert/strict';
import { test } from 'node:test';
import { horizonMs, judgeStart } from '../../../collector/normalise/acceptance.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 5, 15, 13, 30);

test('the horizon is a whole day and only moves forward', () => {
  assert.equal(horizonMs(NOW, 90), Date.UTC(2026, 2, 17));
  assert.equal(horizonMs(NOW + DAY_MS, 90), Date.UTC(2026, 2, 18));
});

test('spans before the horizon and a day ahead are refused, with their age and the setting', () => {
  const old = judgeStart(Date.UTC(2026, 2, 16, 23), NOW, 90);
  assert.match(old.refusal ?? '', /started 90 days ago.*PLUMBLINE_RETENTION_CALLS_DAYS/);
  const ahead = judgeStart(NOW + 25 * 3_600_000, NOW, 90);
  assert.match(ahead.refusal ?? '', /25 hours ahead/);
});

test('spans an hour ahead or a month old are kept and marked', () => {
  for (const [offset_ms, skewed] of [
    [0, false],
    [-29 * DAY_MS, false],
    [-31 * DAY_MS, true],
    [59 * 60_000, false],
    [61 * 60_000, true],
    [23 * 3_600_000, true],
  ] as const) {
    assert.deepEqual(judgeStart(NOW + offset_ms, NOW, 90), { refusal: undefined, clock_skewed: skewed });
  }
});
