import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CANONICAL_FIELDS } from '../../../collector/dialects/dialect.ts';
import { dialects } from '../../../collector/dialects/index.ts';
import { dialectsPage, PAGE } from '../../support/dialects-page.ts';
import { readFixtures } from '../../support/otlp-fixtures.ts';

test('the page of dialects says what their tables and fixtures say', () => {
  assert.equal(readFileSync(PAGE, 'utf8'), dialectsPage(), 'run node test/support/dialects-page.ts');
});

test('every dialect has a fixture, and every field that it names is a canonical one', () => {
  const told = new Set(
    readFixtures().flatMap(({ expected }) => [
      expected.dialect,
      ...Object.values(expected.cases).flatMap((rows) => rows.map(({ differs }) => differs?.dialect)),
    ]),
  );
  for (const { name, fields } of dialects) {
    assert.ok(told.has(name), `no fixture speaks ${name}`);
    for (const field of Object.keys(fields))
      assert.ok((CANONICAL_FIELDS as readonly string[]).includes(field), field);
  }
});

test('names of dialects are unique, and each can be recognised', () => {
  assert.equal(new Set(dialects.map(({ name }) => name)).size, dialects.length);
  for (const { scope, fingerprint } of dialects) assert.ok(scope !== undefined || fingerprint.length > 0);
});
