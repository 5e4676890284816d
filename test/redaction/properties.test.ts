import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRedactor, type Kind, type Tally } from '../../redaction/index.ts';
import { HOSTILE } from './load.ts';
import * as make from './make.ts';

const redactor = createRedactor();
const RUNS = { numRuns: 400 };

/** One made-up secret of the kind from a seed. */
const MAKERS: Record<Kind, (next: make.Random) => string> = {
  api_key: (next) => choose(next, Object.values(make.providerKeys(next))),
  bearer_token: (next) => `Bearer ${make.alnum(next, 30)}7`,
  card: (next) => {
    const [prefix, length, groups] = choose(next, make.CARDS);
    return make.grouped(make.cardNumber(next, prefix, length), groups, choose(next, ['', ' ', '-']));
  },
  email: (next) => `${make.pick(next, 'abcdefghij.', 7)}x@${make.alnum(next, 5).toLowerCase()}.example.com`,
  iban: (next) => {
    const number = make.ibanNumber(next, ...choose(next, make.IBANS));
    return next() < 0.5 ? number : make.grouped(number, [4], ' ');
  },
  jwt: (next) => make.jsonWebToken(next),
  phone: (next) => {
    const local = `${make.pick(next, '23456789', 3)}-${make.pick(next, '23456789', 3)}-${make.digits(next, 4)}`;
    return choose(next, [`+44 20 ${make.digits(next, 4)} ${make.digits(next, 4)}`, local, `+1 ${local}`]);
  },
  private_key: (next) => make.pemKey(next, choose(next, ['', 'RSA ', 'EC ', 'OPENSSH ']), 3),
  secret: (next) => `api_key="${make.alnum(next, 24)}5"`,
  url_credentials: (next) => `postgres://app:${make.alnum(next, 12)}@db.example/x`,
};

function choose<T>(next: make.Random, items: T[]): T {
  return items[Math.floor(next() * items.length)]!;
}

/** What of the made text must not be seen again. */
function core(kind: Kind, text: string): string {
  if (kind === 'bearer_token') return text.slice(7);
  if (kind === 'secret') return text.slice(9, -1);
  if (kind === 'url_credentials') return text.slice(11, text.indexOf('@'));
  return text;
}

const seeds = fc.integer().map((seed) => make.random(seed));
const planted = fc
  .tuple(fc.constantFrom(...(Object.keys(MAKERS) as Kind[])), seeds)
  .map(([kind, next]) => ({ kind, text: MAKERS[kind](next) }));

/** Anything at all, then something that ends a word, as between a secret and the text around it. */
const noise = fc.string({ unit: 'binary', maxLength: 40 });
const edge = fc.constantFrom(
  ' ',
  '\n',
  '\t',
  ', ',
  '; ',
  '"',
  "'",
  '(',
  ')',
  '<',
  '>',
  '|',
  '。',
  '—',
  '\u00a0',
);
const fragments = fc.constantFrom(
  ...Object.values(HOSTILE),
  ...[
    'x',
    '1',
    '.',
    ' ',
    '\n',
    '"',
    "'",
    '[',
    ']',
    '[REDACTED:email]',
    '[REDACTED:',
    'é',
    '（',
    '\ud835',
    '415-555-',
    '0100',
  ],
  ...[
    'password',
    'api_key',
    '4111 1111 1111 1111',
    'DE89370400440532013000',
    'ann@example.com',
    '://u:p@h',
    '\\',
  ],
);
const debris = fc.array(fragments, { maxLength: 30 }).map((pieces) => pieces.join(''));

/** Ways in which a text arrives changed; each must hide nothing. */
const DISGUISES: Record<string, (text: string) => string> = {
  none: (text) => text,
  JSON: (text) => JSON.stringify({ content: text }),
  'JSON in JSON': (text) => JSON.stringify(JSON.stringify([text])),
  'escaped punctuation': (text) =>
    text.replace(/[^A-Za-z0-9]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'percent-encoding': (text) => encodeURIComponent(text.toWellFormed()),
  'percent-encoding twice': (text) => encodeURIComponent(encodeURIComponent(text.toWellFormed())),
  'full width': (text) => text.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
  'zero width': (text) => text.replace(/[A-Za-z0-9@]/g, '$&\u200b'),
};

test('a planted secret is gone whatever surrounds it and however it was escaped', () => {
  fc.assert(
    fc.property(
      planted,
      fc.tuple(noise, edge, edge, noise),
      fc.constantFrom(...Object.keys(DISGUISES)),
      ({ kind, text }, [before, left, right, after], disguise) => {
        const wear = DISGUISES[disguise]!;
        const redacted = redactor.redact(wear(before + left + text + right + after));
        const worn = wear(core(kind, text));
        const inner = disguise.startsWith('JSON')
          ? worn.replace(/^[^A-Za-z0-9+-]*(?:content[\\":]+)?|["\\}\]]+$/g, '')
          : worn;
        assert.ok(!redacted.includes(inner), redacted);
        assert.ok(!redacted.includes(inner.slice(inner.length >> 1)), redacted);
        assert.ok(redacted.includes('[REDACTED:'), redacted);
      },
    ),
    { numRuns: 3000 },
  );
});

test('redacting twice is redacting once, and nothing is given up, in debris of every trigger', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        debris,
        noise,
        fc.tuple(debris, planted, debris).map(([a, { text }, b]) => a + text + b),
      ),
      (text) => {
        const tally: Tally = {};
        const once = redactor.redact(text, tally);
        assert.equal(tally.error, undefined);
        assert.equal(redactor.redact(once), once);
      },
    ),
    { numRuns: 3000 },
  );
});

test('a text without any trigger comes back as it was', () => {
  const plain = fc.string({ unit: fc.constantFrom(...'CDEFxyzäß漢字 ,.;!?/#[]{}<>"\'\n\t'), maxLength: 300 });
  fc.assert(
    fc.property(plain, (text) => assert.equal(redactor.redact(text), text)),
    RUNS,
  );
});

test('JSON whose strings held secrets is still JSON', () => {
  const content = fc
    .tuple(noise, edge, planted, edge, debris)
    .map(([before, left, { text }, right, after]) => before + left + text + right + after);
  const value = fc.dictionary(
    fc.oneof(noise, fc.constantFrom('password', 'token', 'x')),
    fc.oneof(content, noise, debris),
  );
  fc.assert(
    fc.property(value, fc.boolean(), (object, isNested) => {
      const text = JSON.stringify(isNested ? [JSON.stringify(object)] : object);
      assert.doesNotThrow(() => JSON.parse(redactor.redact(text)), redactor.redact(text));
    }),
    { numRuns: 1500 },
  );
});
