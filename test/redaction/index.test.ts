import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor, KINDS, type Tally } from '../../redaction/index.ts';
import * as make from './make.ts';

const redactor = createRedactor();
const next = make.random(3);
const keys = make.providerKeys(next);

/** Redacts each text and compares. */
function expect(cases: [text: string, redacted: string][]): void {
  for (const [text, redacted] of cases) assert.equal(redactor.redact(text), redacted);
}

test('findings are counted by kind and added to the tally given', () => {
  const tally: Tally = { email: 1 };
  redactor.redact('ann@example.com, bob@example.com, +44 20 7946 0958', tally);
  assert.deepEqual(tally, { email: 3, phone: 1 });
  redactor.redact('nothing here', tally);
  assert.deepEqual(tally, { email: 3, phone: 1 });
});

test('only the kinds asked for are replaced', () => {
  const text = `ann@example.com ${keys.github}`;
  assert.equal(createRedactor({ kinds: ['email'] }).redact(text), `[REDACTED:email] ${keys.github}`);
  assert.equal(createRedactor({ kinds: ['api_key'] }).redact(text), 'ann@example.com [REDACTED:api_key]');
  assert.equal(createRedactor({ kinds: [] }).redact(text), text);
});

test('labels are left alone by every kind, also where a secret is expected', () => {
  for (const kind of [...KINDS, 'error']) {
    const label = `[REDACTED:${kind}]`;
    for (const text of [
      label,
      `password=${label}`,
      `"token":"${label}"`,
      `https://${label}@host`,
      `Bearer ${label}`,
    ]) {
      assert.equal(redactor.redact(text), text);
    }
  }
});

test('whatever goes wrong inside, the text does not pass as it was', () => {
  const tally: Tally = {};
  const broken = { length: 40, charCodeAt: () => assert.fail('broken'), toString: () => 'ann@example.com' };
  assert.equal(redactor.redact(broken as unknown as string, tally), '[REDACTED:error]');
  assert.equal(redactor.redact(undefined as unknown as string, tally), '[REDACTED:error]');
  assert.deepEqual(tally, { error: 2 });
});

test('names, hosts, schemes and punctuation around a secret stay readable', () => {
  expect([
    ['{"password":"a\\"b\\\\","x":1}', '{"password":"[REDACTED:secret]\\\\","x":1}'],
    ['Authorization: Bearer abcdefgh1234.', 'Authorization: Bearer [REDACTED:bearer_token]'],
    ['pg://app:pw@db:5432/x', 'pg://[REDACTED:url_credentials]@db:5432/x'],
    ['<ann@example.com>, (415) 555-0142.', '<[REDACTED:email]>, [REDACTED:phone].'],
    ['a=1&api_key=abcd1234efgh&b=2', 'a=1&api_key=[REDACTED:secret]&b=2'],
    ['{"to":"x\\nann\\u0040example.com\\n"}', '{"to":"x\\n[REDACTED:email]\\n"}'],
    ['C:\\nann@example.com', 'C:\\n[REDACTED:email]'],
  ]);
});

test('a secret that was cut is found where its beginning is unmistakable', () => {
  const cuts: [string, number][] = [
    [keys.anthropic!, 24],
    [keys.openai_project!, 20],
    [keys.aws!, 9],
    [keys.google!, 14],
    [keys.github_fine!, 24],
    [make.jsonWebToken(next), 16],
  ];
  for (const [secret, length] of cuts) {
    for (const rest of ['', '...', '…']) {
      const redacted = redactor.redact(`sent ${secret.slice(0, length)}${rest}`);
      assert.match(redacted, /^sent \[REDACTED:(?:api_key|jwt)\](?:\.\.\.|…)?$/);
    }
  }
  const pem = make.pemKey(next);
  for (const length of [60, 100, 137, 200]) {
    assert.equal(redactor.redact(`k: ${pem.slice(0, length)}`), 'k: [REDACTED:private_key]');
  }
});

test('a key as long as keys get is redacted to its end, in JSON and out of it', () => {
  const pem = make.pemKey(next, 'RSA ', 120);
  assert.equal(redactor.redact(`${pem}\nbye`), '[REDACTED:private_key]\nbye');
  const json = JSON.stringify({ private_key: `${pem}\n`, after: 'x' });
  assert.equal(redactor.redact(json), '{"private_key":"[REDACTED:private_key]\\n","after":"x"}');
});
