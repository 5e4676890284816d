import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyRing, DEFAULT_PROJECT, keyOfHeaders } from '../../../schemas/identity/key-ring.ts';

test('without keys of a kind everything is the default project', () => {
  const ring = createKeyRing({ ingest: [], read: [{ project: 'shop', key: 'a-reading-key-of-the-shop' }] });
  assert.deepEqual(ring.find('ingest', undefined), { outcome: 'ok', project: DEFAULT_PROJECT });
  assert.deepEqual(ring.find('read', undefined), { outcome: 'missing' });
});

test('a key is taken from Authorization or x-api-key', () => {
  assert.equal(keyOfHeaders({ authorization: 'Bearer abc' }), 'abc');
  assert.equal(keyOfHeaders({ authorization: 'bearer  abc ' }), 'abc');
  assert.equal(keyOfHeaders({ 'x-api-key': ' abc ' }), 'abc');
  assert.equal(keyOfHeaders({ authorization: 'Basic abc' }), undefined);
  assert.equal(keyOfHeaders({}), undefined);
});
