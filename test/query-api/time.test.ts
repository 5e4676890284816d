import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTime, TimeError } from '../../query-api/time.ts';

const NOW = Date.UTC(2026, 2, 5, 13, 47, 12, 345);
const iso = (text: string): string => new Date(parseTime(text, NOW)).toISOString();

const examples: [string, string][] = [
  ['now', '2026-03-05T13:47:12.345Z'],
  ['now-1h', '2026-03-05T12:47:12.345Z'],
  ['now-7d', '2026-02-26T13:47:12.345Z'],
  ['now+1h', '2026-03-05T14:47:12.345Z'],
  ['now 1h', '2026-03-05T14:47:12.345Z'],
  ['now-1d/d', '2026-03-04T00:00:00.000Z'],
  ['now/d', '2026-03-05T00:00:00.000Z'],
  ['now/h', '2026-03-05T13:00:00.000Z'],
  ['now/w', '2026-03-02T00:00:00.000Z'],
  ['now/d-1s', '2026-03-04T23:59:59.000Z'],
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['2026-01-31T12:30', '2026-01-31T12:30:00.000Z'],
  ['2026-01-31 12:30:05', '2026-01-31T12:30:05.000Z'],
  ['2026-01-31T12:30:05.5Z', '2026-01-31T12:30:05.500Z'],
  ['2026-01-31T12:30:05.123456Z', '2026-01-31T12:30:05.123Z'],
  ['2026-01-31T00:30:00+02:00', '2026-01-30T22:30:00.000Z'],
  ['2026-01-31T00:30:00 02:00', '2026-01-30T22:30:00.000Z'],
  ['2026-01-31T22:30:00-0530', '2026-02-01T04:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['1767225600000', '2026-01-01T00:00:00.000Z'],
];

for (const [text, expected] of examples) {
  test(`'${text}' is ${expected}`, () => assert.equal(iso(text), expected));
}

const refused = [
  ...['', 'yesterday', 'now-', 'now-1', 'now-1y', 'now--1h', 'NOW', 'now-1h;', "now'", 'now/', 'now-1.5h'],
  ...['2026-02-30', '2025-02-29', '2026-13-01', '2026-00-10', '2026-01-01T24:00', '2026-01-01T12:60'],
  ...['2026-01-01T12', '2026-01-01T12:00:00+25:00', '2026-1-1', '01/02/2026', '1969-12-31', '2200-01-01'],
  ...['-1', '1e12', '0', '1767225600', '9999999999999999', '99999999999999999', 'now+999999999w', 'Infinity'],
];

for (const text of refused) {
  test(`'${text}' is no time`, () => assert.throws(() => parseTime(text, NOW), TimeError));
}

const someTime = fc.date({
  min: new Date('1975-01-01T00:00:00Z'),
  max: new Date('2199-01-01T00:00:00Z'),
  noInvalidDate: true,
});

test('what Date writes is read back, as text and as milliseconds', () => {
  fc.assert(
    fc.property(someTime, (date) => {
      assert.equal(parseTime(date.toISOString(), NOW), date.getTime());
      assert.equal(parseTime(String(date.getTime()), NOW), date.getTime());
    }),
  );
});

test('an offset is undone by its opposite, and rounding never goes forward or by a whole unit', () => {
  const lengths = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
  const unit = fc.constantFrom(...(Object.keys(lengths) as (keyof typeof lengths)[]));
  fc.assert(
    fc.property(someTime, fc.integer({ min: 0, max: 200 }), unit, (date, amount, unit) => {
      const now = date.getTime();
      assert.equal(parseTime(`now-${amount}s+${amount}s`, now), now);
      const rounded = parseTime(`now/${unit}`, now);
      assert.ok(rounded <= now && now - rounded < lengths[unit]);
      assert.equal(parseTime(`now/${unit}/${unit}`, now), rounded);
    }),
  );
});

test('any text is a whole number of milliseconds or a TimeError', () => {
  const pieces = fc.constantFrom(
    'now',
    '-',
    '+',
    '/',
    '1',
    '99',
    'h',
    'd',
    '2026',
    '-01',
    'T',
    ':',
    'Z',
    ' ',
    '.',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 9 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (text) => {
      try {
        assert.ok(Number.isSafeInteger(parseTime(text, NOW)));
      } catch (error) {
        assert.ok(error instanceof TimeError);
      }
    }),
    { numRuns: 2_000 },
  );
});
