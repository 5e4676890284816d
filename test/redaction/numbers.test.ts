import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRedactor, type Tally } from '../../redaction/index.ts';
import * as make from './make.ts';

const redactor = createRedactor();
const cards = createRedactor({ kinds: ['card'] });

const ISSUED = new RegExp(
  [
    '4(?:\\d{12}|\\d{15}|\\d{18})',
    '5[1-5]\\d{14}|(?:222[1-9]|22[3-9]\\d|2[3-6]\\d\\d|27[01]\\d|2720)\\d{12}',
    '3[47]\\d{13}',
    '(?:3[689]\\d\\d|30[0-5]\\d)(?:\\d{10}|\\d{12,15})',
    '(?:35(?:2[89]|[3-8]\\d)|6[025]\\d\\d|64[4-9]\\d|220[0-4])\\d{12,15}',
    '(?:5018|5020|5038|6304|67(?:59|6[0-3]))\\d{9,15}',
  ]
    .map((form) => `^(?:${form})$`)
    .join('|'),
);

function isCard(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return ISSUED.test(digits) && sum % 10 === 0;
}

/** End of the card that begins at a group of digits, by trying every end of a group; -1 if there is none. */
function cardEnd(text: string, start: number, groupEnd: number): number {
  const size = groupEnd - start;
  const separator = text.charAt(groupEnd);
  if (size !== 4 && (size < 13 || size > 19)) return -1;
  if (size === 4 && separator !== ' ' && separator !== '-') return -1;
  let best = -1;
  for (let end = groupEnd; end <= text.length; ) {
    const digits = text.slice(start, end).replaceAll(separator, '');
    if (isCard(digits) && !/^(?:[a-z0-9]|\.\d)/i.test(text.slice(end))) best = end;
    if (size !== 4) break;
    const next = new RegExp(`^${separator}\\d+`).exec(text.slice(end))?.[0];
    if (next === undefined) break;
    end += next.length;
  }
  return best;
}

/** What the redactor should make of a text of digits, blanks, dashes, dots and letters: plain and slow. */
function redactPlainly(text: string): string {
  const redacted = replacePlainly(text);
  return redacted === text ? text : redactPlainly(redacted);
}

function replacePlainly(text: string): string {
  let redacted = '';
  let at = 0;
  for (const { 0: group, index } of text.matchAll(/\d+/g)) {
    if (index < at) continue;
    const before = text.slice(0, index);
    const isPart = /[a-z]$/i.test(before) || /\d\.$/.test(before);
    const isInner = group.length < 13 && /[a-z0-9][-./]$/i.test(before);
    const end = isPart || isInner ? -1 : cardEnd(text, index, index + group.length);
    if (end === -1) continue;
    redacted += `${text.slice(at, index)}[REDACTED:card]`;
    at = end;
  }
  return redacted + text.slice(at);
}

test('cards among digits, blanks, dashes, dots and letters are those that a plain reading finds', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 6 });
  const joint = fc.constantFrom(' ', ' ', '-', '-', '.', 'x', '', '  ');
  const noise = fc.array(fc.oneof(digits, joint), { maxLength: 8 }).map((parts) => parts.join(''));
  const card = fc.integer().map((seed) => {
    const next = make.random(seed);
    const [prefix, length, groups] = make.CARDS[Math.floor(next() * make.CARDS.length)]!;
    const number = make.cardNumber(next, prefix, length);
    return make.grouped(number, next() < 0.5 ? groups : [4], next() < 0.5 ? ' ' : next() < 0.5 ? '-' : '');
  });
  const fours = fc.array(fc.constantFrom('4111', '3700', '6759', '0000', '5105', '1111', '4'), {
    maxLength: 12,
  });
  const text = fc.oneof(
    fc.tuple(noise, card, noise, card, noise).map((parts) => parts.join('')),
    fc.tuple(fours, fc.constantFrom(' ', '-')).map(([groups, separator]) => groups.join(separator)),
  );
  let found = 0;
  fc.assert(
    fc.property(text, (candidate) => {
      const expected = redactPlainly(candidate);
      if (expected !== candidate) found++;
      assert.equal(cards.redact(candidate), expected);
    }),
    { numRuns: 5000 },
  );
  assert.ok(found > 500, `${found} texts held a card`);
});

test('a list of telephone numbers is redacted to its end, however long it is', () => {
  const list = Array.from({ length: 40 }, (_, i) => String(5_550_100 + i));
  for (const separator of [', ', ',', '; ', '\n', ' | ']) {
    const tally: Tally = {};
    const redacted = redactor.redact(`phone: ${list.join(separator)}`, tally);
    assert.equal(redacted, `phone: ${list.map(() => '[REDACTED:phone]').join(separator)}`);
    assert.deepEqual(tally, { phone: 40 });
  }
});

test('numbers that follow a telephone number as something else are left alone', () => {
  for (const rest of [' x 5550102', ' (id 5550102)', ', 12', ', ticket 5550102']) {
    assert.equal(redactor.redact(`phone: 5550101${rest}`), `phone: [REDACTED:phone]${rest}`);
  }
});

test('five pairs are a number in France, and more of them are bytes', () => {
  assert.equal(redactor.redact('au 01 42 68 53 00.'), 'au [REDACTED:phone].');
  for (const bytes of ['01 42 68 53 00 11', '99 01 42 68 53 00 11', '01 42 68 53', '01 42 68 53 0x']) {
    assert.equal(redactor.redact(`dump ${bytes}`), `dump ${bytes}`);
  }
});
