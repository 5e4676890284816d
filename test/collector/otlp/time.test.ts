import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { microseconds, millisecondsBetween } from '../../../collector/otlp/time.ts';

const YEAR_2255_NS = 9_000_000_000_000_000_000n;
const DAYS_104_NS = 2n ** 53n - 1n;

function halves(value: bigint): [hi: number, lo: number] {
  return [Number(value >> 32n), Number(value & 0xffff_ffffn)];
}

test('microseconds equal the bigint division for any time until 2255', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, YEAR_2255_NS), (time) => {
      assert.equal(microseconds(...halves(time)), Number(time / 1_000n));
    }),
    { numRuns: 2_000, seed: 1 },
  );
  assert.equal(microseconds(...halves(1_788_000_000_000_000_999n)), 1_788_000_000_000_000);
  assert.equal(microseconds(...halves(1_788_000_000_000_001_000n)), 1_788_000_000_000_001);
});

test('a difference is exact to the nanosecond, in either direction', () => {
  fc.assert(
    fc.property(
      fc.bigInt(DAYS_104_NS, YEAR_2255_NS),
      fc.bigInt(-DAYS_104_NS, DAYS_104_NS),
      (start, duration) => {
        assert.equal(
          millisecondsBetween(...halves(start), ...halves(start + duration)),
          Number(duration) / 1e6,
        );
      },
    ),
    { numRuns: 2_000, seed: 1 },
  );
});
