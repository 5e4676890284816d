import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createKeyedHash } from '../../../schemas/identity/keyed-hash.ts';

const hash = createKeyedHash('a test key of more than thirty-two characters');

test('one user has one pseudonym in a project, another in another, and another under another key', () => {
  const pseudonym = hash.pseudonym('shop', 'ann');
  assert.match(pseudonym, /^u_[0-9a-f]{32}$/);
  assert.equal(hash.pseudonym('shop', 'ann'), pseudonym);
  assert.notEqual(hash.pseudonym('other', 'ann'), pseudonym);
  assert.notEqual(
    createKeyedHash('another key of more than thirty-two chars').pseudonym('shop', 'ann'),
    pseudonym,
  );
});

test('however many users come between, a pseudonym stays the same', () => {
  const first = hash.pseudonym('shop', 'ann');
  for (let i = 0; i < 25_000; i++) hash.pseudonym('shop', `user-${i}`);
  assert.equal(hash.pseudonym('shop', 'ann'), first);
});

test('a text and its SHA-256 have the same hash, so that equal answers meet whoever sent them', () => {
  const sha256 = createHash('sha256').update('Four.').digest();
  assert.deepEqual(hash.ofText('shop', 'Four.'), hash.ofSha256('shop', sha256));
  assert.equal(hash.ofText('shop', 'Four.').length, 32);
});
